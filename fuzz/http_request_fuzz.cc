// A hostile client of the admin port: bytes in any pieces, through the request reader and the
// router, in memory. Whatever comes, the reader has to come to an end, to the same one however the
// bytes are cut, and each answer has to be one answer.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../tests/unit/admin/fake_source.h"
#include "admin/router.h"
#include "http/message.h"
#include "http/message_reader.h"

namespace {

using namespace outrigger;

constexpr size_t kHeaderBytesMax = 2048;
constexpr size_t kBodyBytesMax = 1024;
constexpr uint32_t kOwn = 1000;

void check(bool holds) {
  if (!holds) abort();
}

// Feeds one request in pieces of at most `piece` bytes; takes from `bytes` what was used.
http::RequestReader read_one(std::string_view& bytes, size_t piece) {
  http::RequestReader reader(kHeaderBytesMax, kBodyBytesMax);
  std::string waiting;
  size_t sent = 0;
  while (sent < bytes.size()) {
    const http::ReadState state = reader.state();
    if (state == http::ReadState::kComplete || state == http::ReadState::kRejected) break;
    const std::string_view next = bytes.substr(sent, piece);
    sent += next.size();
    waiting += next;
    const size_t taken = reader.feed(waiting);
    check(taken <= waiting.size());
    waiting.erase(0, taken);
    check(reader.state() == http::ReadState::kRejected ||
          reader.state() == http::ReadState::kComplete || waiting.size() <= 16u << 10);
  }
  bytes.remove_prefix(sent - waiting.size());
  return reader;
}

void answer(const http::RequestReader& reader, const http::Handler& handler,
            const http::Peer& peer) {
  http::ServerRequest request = reader.request();
  request.peer = &peer;
  check(!request.path.empty() && request.path.front() == '/');
  check(request.body.size() <= kBodyBytesMax);
  check(request.path.find_first_of(std::string_view("\0\r\n", 3)) == std::string_view::npos);
  const http::ServerResponse response = handler(request);
  check(response.status >= 200 && response.status <= 599);
  const std::string head = http::answer_head(response, http::Length::of(response.body.size()),
                                             http::AfterAnswer::kKeepAlive, 0);
  check(head.find("\r\n\r\n") == head.size() - 4);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece = data[0] == 0 ? size : data[0];
  admin::FakeSource source;
  source.is_local = (data[1] & 1) != 0;
  http::Peer peer;
  peer.unix_socket = (data[1] & 2) != 0;
  if (peer.unix_socket) peer.uid = kOwn + (data[1] & 4);
  peer.loopback = (data[1] & 8) != 0;
  const http::Handler handler = admin::handler(source, {.own_uid = kOwn});

  std::string_view cut(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::string_view whole = cut;
  while (!cut.empty()) {
    const http::RequestReader reader = read_one(cut, piece);
    const http::RequestReader at_once = read_one(whole, whole.size());
    // Of an unfinished request more is known when it came in one piece.
    if (at_once.state() == http::ReadState::kRejected &&
        reader.state() != http::ReadState::kComplete)
      break;
    check(reader.state() == at_once.state());
    if (reader.state() == http::ReadState::kRejected) {
      check(reader.reject_status() >= 400);
      break;
    }
    if (reader.state() != http::ReadState::kComplete) break;
    check(cut == whole);
    answer(reader, handler, peer);
  }
  return 0;
}
