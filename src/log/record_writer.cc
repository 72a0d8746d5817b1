#include <string.h>

#include <algorithm>

#include "log/process.h"

namespace outrigger::log {

using internal::ArgumentType;
using internal::RecordHeader;
using internal::SlowArgument;

namespace {

// What the compiler puts behind a std::source_location (libstdc++ and libc++ alike).
struct SourceLocation {
  const char* file;
  const char* function;
  unsigned line;
  unsigned column;
};

constexpr size_t kCopiedTextMax = 4000;
constexpr size_t kFileBytesAtLeast = 64;  // where there is little room

struct Constants {
  std::string_view types;
  std::string_view format;
  std::string_view file;
  uint32_t line;
  size_t bytes() const { return (8 + types.size() + format.size() + file.size() + 7) & ~size_t{7}; }
};

// Not more than `bytes_max`, where that is enough for the types and a little.
Constants constants_of(const Call& call, size_t bytes_max) {
  Constants constants{{reinterpret_cast<const char*>(call.types), call.count},
                      call.format.substr(0, kCopiedTextMax),
                      call.file,
                      call.line};
  if (call.site != nullptr) {
    const auto& site = *static_cast<const SourceLocation*>(call.site);
    constants.file = site.file;
    constants.line = site.line;
  }
  constants.file = constants.file.substr(0, kCopiedTextMax);
  if (constants.bytes() <= bytes_max) return constants;
  if (constants.file.size() > kFileBytesAtLeast)
    constants.file.remove_prefix(constants.file.size() - kFileBytesAtLeast);
  if (constants.bytes() <= bytes_max) return constants;
  const size_t rest = 8 + constants.types.size() + constants.file.size() + 7;
  constants.format = constants.format.substr(0, bytes_max > rest ? bytes_max - rest : 0);
  return constants;
}

char* write_copied_text(char* to, const Constants& constants) {
  const uint16_t lengths[4] = {static_cast<uint16_t>(constants.types.size()),
                               static_cast<uint16_t>(constants.format.size()),
                               static_cast<uint16_t>(constants.file.size()), 0};
  char* const begin = to;
  memcpy(to, lengths, sizeof(lengths));
  to += sizeof(lengths);
  for (const std::string_view text : {constants.types, constants.format, constants.file}) {
    if (!text.empty()) memcpy(to, text.data(), text.size());
    to += text.size();
  }
  return begin + constants.bytes();
}

// The context's own bytes, and the module's name behind them.
void write_context(char* to, const Shape& shape) {
  static constexpr internal::ContextBlock kNone;
  const internal::ContextBlock& context =
      shape.call.context != nullptr ? *shape.call.context : kNone;
  const size_t own = context.head.bytes;
  memcpy(to, &context, own);
  if (!shape.call.module.empty())
    memcpy(to + own, shape.call.module.data(), shape.call.module.size());
  internal::ContextHead head = context.head;
  head.bytes = static_cast<uint16_t>(shape.context_bytes);
  head.module_bytes = static_cast<uint8_t>(shape.call.module.size());
  memcpy(to, &head, sizeof(head));
}

size_t context_bytes_of(const Call& call) {
  if (call.context == nullptr && call.module.empty()) return 0;
  const size_t own =
      call.context != nullptr ? call.context->head.bytes : sizeof(internal::ContextHead);
  return (own + call.module.size() + 7) & ~size_t{7};
}

}  // namespace

Shape shape_of(const Call& call, size_t bytes_max) {
  extern const char ehdr_start[] asm("__ehdr_start");
  extern const char image_end[] asm("_end");
  Shape shape{call, false, context_bytes_of(call), 0, 0, 0};
  const char* const format = call.format.data();
  shape.copied_text = call.site == nullptr || format < ehdr_start || format >= image_end;
  const size_t least = internal::kRecordHeaderBytes + 8 * call.count;
  if (shape.copied_text) {
    shape.constants_bytes = constants_of(call, SIZE_MAX).bytes();
    if (least + shape.context_bytes + shape.constants_bytes > bytes_max)
      shape.constants_bytes = constants_of(call, bytes_max - least).bytes();
  }
  // In the queue that threads without a ring share, a record with many arguments has no room for it.
  if (least + shape.context_bytes + shape.constants_bytes > bytes_max) shape.context_bytes = 0;
  shape.fixed = least + shape.context_bytes + shape.constants_bytes;
  size_t texts = 0;
  for (size_t i = 0; i < call.count; ++i)
    if (call.arguments[i].text != nullptr) texts += call.arguments[i].word;
  shape.size = std::min((shape.fixed + texts + 7) & ~size_t{7}, bytes_max & ~size_t{7});
  return shape;
}

bool write_record(char* to, const Shape& shape, uint64_t ticks, uint64_t sequence) {
  extern const char ehdr_start[] asm("__ehdr_start");
  const auto relative = [](const void* p) {
    return static_cast<uint32_t>(static_cast<const char*>(p) - ehdr_start);
  };
  const Call& call = shape.call;
  RecordHeader header;
  header.size_level = static_cast<uint32_t>(shape.size) |
                      call.level << internal::kRecordLevelShift |
                      (shape.context_bytes != 0 ? internal::kRecordContext : 0);
  header.ticks = ticks;
  header.sequence = sequence;
  char* words = to + internal::kRecordHeaderBytes;
  if (shape.context_bytes != 0) {
    write_context(words, shape);
    words += shape.context_bytes;
  }
  if (shape.copied_text) {
    const Constants constants = constants_of(call, shape.constants_bytes);
    header.format = 0;
    header.site = constants.line;
    header.types = static_cast<uint32_t>(call.count);
    words = write_copied_text(words, constants);
  } else {
    header.format = relative(call.format.data());
    header.site = relative(call.site);
    header.types = relative(call.types);
  }
  memcpy(to, &header, sizeof(header));

  bool cut = false;
  char* text = to + shape.fixed;
  size_t room = shape.size - shape.fixed;
  for (size_t i = 0; i < call.count; ++i, words += 8) {
    uint64_t word = call.arguments[i].word;
    if (const char* from = call.arguments[i].text) {
      const size_t kept = std::min<size_t>(word, room);
      memcpy(text, from, kept);
      if (kept < word) {
        cut = true;
        static constexpr char kMark[] = "…";  // three bytes of UTF-8
        if (kept >= 3) memcpy(text + kept - 3, kMark, 3);
      }
      word = kept;
      text += kept;
      room -= kept;
    }
    memcpy(words, &word, sizeof(word));
  }
  return cut;
}

}  // namespace outrigger::log
