// A hostile server: its answer through the client's reader, its health page onto a terminal; and
// hostile URLs.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "admin/health_command.h"
#include "http/message_reader.h"
#include "http/url.h"

namespace {

using namespace outrigger;

constexpr size_t kBodyBytesMax = 4096;

void check(bool holds) {
  if (!holds) abort();
}

void read_answer(std::string_view bytes, size_t piece, http::ResponseReader::Asked asked) {
  http::ResponseReader reader(kBodyBytesMax, asked);
  std::string waiting;
  while (!bytes.empty() && reader.state() != http::ReadState::kComplete &&
         reader.state() != http::ReadState::kRejected) {
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    const size_t taken = reader.feed(waiting);
    check(taken <= waiting.size());
    waiting.erase(0, taken);
  }
  if (reader.state() != http::ReadState::kComplete && reader.state() != http::ReadState::kRejected)
    reader.end();
  check(reader.state() == http::ReadState::kComplete ||
        reader.state() == http::ReadState::kRejected);
  if (reader.state() == http::ReadState::kRejected) return;
  check(reader.status() >= 0 && reader.status() <= 999);
  check(reader.take_headers().size() <= 64u << 10);
  check(reader.take_body().size() <= kBodyBytesMax);
}

void show(std::string_view page) {
  admin::Status status;
  const auto text = admin::health_text(page, admin::Paint::kPlain, status);
  if (!text) return;
  for (const char c : *text)
    check(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
}

void parse(std::string_view text) {
  if (const auto url = http::parse_url(text)) {
    check(url->port > 0 && url->port < 65536 && !url->host.empty() && url->target.front() == '/');
    for (const std::string* part : {&url->authority, &url->target}) {
      check(part->find_first_of(std::string_view("\0\r\n ", 4)) == std::string::npos);
    }
  }
  (void)http::parse_target(text);
  (void)http::split_host_port(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  switch (data[0] % 3) {
    case 0:
      read_answer(bytes, data[1] == 0 ? size : data[1],
                  data[0] < 128 ? http::ResponseReader::Asked::kWithBody
                                : http::ResponseReader::Asked::kHeadOnly);
      break;
    case 1: show(bytes); break;
    default: parse(bytes);
  }
  return 0;
}
