// Any bytes as a log record: decoded and rendered as JSON, as text and as values. The lines must
// stay within the bound that was promised, be one line each, and hold no control character and no
// byte that is not UTF-8.
#include <string.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <source_location>
#include <vector>

#include "outrigger/internal/record.h"
#include "render/entry.h"
#include "render/escape.h"
#include "render/value.h"

extern "C" [[gnu::visibility("hidden")]] const char __ehdr_start[];

namespace {

using namespace outrigger;
using internal::ArgumentType;

constexpr char kFormat[] =
    "order {id} by {who:>9} for {price:.2f} at {when} ({ok}, {took:>6}, {:#x})";
constexpr ArgumentType kTypes[] = {ArgumentType::kUnsigned, ArgumentType::kText,
                                   ArgumentType::kDouble,   ArgumentType::kTime,
                                   ArgumentType::kBool,     ArgumentType::kMilliseconds,
                                   ArgumentType::kSigned,   ArgumentType::kEnd};

uint32_t offset_of(const void* address) {
  return static_cast<uint32_t>(static_cast<const char*>(address) - __ehdr_start);
}

// Valid addresses are hard to guess; a byte of the input may ask for them.
void lend_addresses(std::vector<char>& bytes, uint8_t which) {
  const auto here = std::source_location::current();
  const void* site;
  memcpy(&site, &here, sizeof(site));
  const uint32_t offsets[3] = {offset_of(kFormat), offset_of(site), offset_of(kTypes)};
  for (size_t i = 0; i < 3; ++i)
    if ((which >> i & 1) != 0) memcpy(bytes.data() + 4 + 4 * i, &offsets[i], sizeof(offsets[i]));
}

template <typename Lines>
void check_line(Lines& lines, const render::Entry& entry) {
  const size_t bound = render::bytes_max(entry);
  std::vector<char> room(bound);
  const char* const end = lines.append(room.data(), entry);
  const auto size = static_cast<size_t>(end - room.data());
  if (size + render::kSlack > bound || size == 0 || end[-1] != '\n') abort();
  for (const char* at = room.data(); at < end - 1;) {
    uint32_t code = 0;
    const size_t bytes = render::decode_utf8(at, end, code);
    if (bytes == 0 || code < 0x20) abort();
    at += bytes;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static render::Decoder decoder(render::Image::of_program());
  static render::JsonLines json(1);
  static render::TextLines text(render::Colours::kNone);
  if (size < 3 || size > internal::kRecordBytesMax) return 0;
  std::vector<char> bytes(data + 2, data + size);
  if (bytes.size() >= internal::kRecordHeaderBytes) lend_addresses(bytes, data[0]);
  segment::RawRecord record;
  record.bytes = bytes.data();
  record.size = static_cast<uint32_t>(bytes.size());
  record.level = data[1] % 8;
  record.ring = data[1];
  memcpy(record.thread_name, bytes.data(), bytes.size() < 16 ? bytes.size() : 16);
  const render::Entry entry = decoder.decode(record, static_cast<int64_t>(size) << 50);
  check_line(json, entry);
  check_line(text, entry);
  const std::string message = render::message_of(entry);
  const auto fields = render::fields_of(entry);
  return 0;
}
