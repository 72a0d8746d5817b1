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

size_t copied_text_bytes(const Shape& shape) {
  const auto& site = *static_cast<const SourceLocation*>(shape.site);
  const size_t bytes = 8 + shape.count + std::min(strlen(shape.format), kCopiedTextMax) +
                       std::min(strlen(site.file), kCopiedTextMax);
  return (bytes + 7) & ~size_t{7};
}

char* write_copied_text(char* to, const Shape& shape) {
  const auto& site = *static_cast<const SourceLocation*>(shape.site);
  const uint16_t lengths[4] = {
      static_cast<uint16_t>(shape.count),
      static_cast<uint16_t>(std::min(strlen(shape.format), kCopiedTextMax)),
      static_cast<uint16_t>(std::min(strlen(site.file), kCopiedTextMax)), 0};
  char* const begin = to;
  memcpy(to, lengths, sizeof(lengths));
  to += sizeof(lengths);
  const void* const sources[] = {shape.types, shape.format, site.file};
  for (int i = 0; i < 3; ++i) {
    memcpy(to, sources[i], lengths[i]);
    to += lengths[i];
  }
  return begin + ((to - begin + 7) & ~ptrdiff_t{7});
}

}  // namespace

Shape shape_of(uint32_t level, const char* format, const void* site, const ArgumentType* types,
               const SlowArgument* arguments, size_t count, size_t bytes_max) {
  extern const char ehdr_start[] asm("__ehdr_start");
  extern const char image_end[] asm("_end");
  Shape shape{format, site, types, arguments, count, level, false, 0, 0};
  shape.copied_text = format < ehdr_start || format >= image_end;
  shape.fixed =
      internal::kRecordHeaderBytes + (shape.copied_text ? copied_text_bytes(shape) : 0) + 8 * count;
  size_t texts = 0;
  for (size_t i = 0; i < count; ++i)
    if (arguments[i].text != nullptr) texts += arguments[i].word;
  shape.size = std::min((shape.fixed + texts + 7) & ~size_t{7}, bytes_max & ~size_t{7});
  return shape;
}

bool write_record(char* to, const Shape& shape, uint64_t ticks, uint64_t sequence) {
  extern const char ehdr_start[] asm("__ehdr_start");
  const auto relative = [](const void* p) {
    return static_cast<uint32_t>(static_cast<const char*>(p) - ehdr_start);
  };
  RecordHeader header;
  header.size_level = static_cast<uint32_t>(shape.size) | shape.level
                                                              << internal::kRecordLevelShift;
  header.ticks = ticks;
  header.sequence = sequence;
  char* words = to + internal::kRecordHeaderBytes;
  if (shape.copied_text) {
    header.format = 0;
    header.site = static_cast<const SourceLocation*>(shape.site)->line;
    header.types = static_cast<uint32_t>(shape.count);
    words = write_copied_text(words, shape);
  } else {
    header.format = relative(shape.format);
    header.site = relative(shape.site);
    header.types = relative(shape.types);
  }
  memcpy(to, &header, sizeof(header));

  bool cut = false;
  char* text = to + shape.fixed;
  size_t room = shape.size - shape.fixed;
  for (size_t i = 0; i < shape.count; ++i, words += 8) {
    uint64_t word = shape.arguments[i].word;
    if (const char* from = shape.arguments[i].text) {
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
