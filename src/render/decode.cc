#include <string.h>

#include "outrigger/internal/record.h"
#include "render/context.h"
#include "render/entry.h"
#include "render/message.h"

namespace outrigger::render {
namespace {

using internal::ArgumentType;
using internal::RecordHeader;

constexpr std::string_view kUnreadable = "unreadable log record";

// The words and texts of a record, from `at` on. False when they do not fit into it.
bool place_arguments(const segment::RawRecord& record, size_t at, Entry& entry) {
  const auto& arguments = entry.plan->arguments;
  if (at > record.size || arguments.size() * 8 > record.size - at) return false;
  entry.words = record.bytes + at;
  entry.texts = entry.words + arguments.size() * 8;
  const size_t room = record.size - at - arguments.size() * 8;
  size_t used = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!is_text_type(arguments[i].type)) continue;
    const uint64_t bytes = word_at(entry, i);
    if (bytes > room - used) return false;
    used += bytes;
  }
  entry.text_bytes = used;
  return true;
}

}  // namespace

Decoder::Decoder(const Image& image)
    : cache_(image), unreadable_plan_(make_plan(kUnreadable, {}, {})) {}

Entry Decoder::decode(const segment::RawRecord& record, int64_t time_ns) {
  Entry entry;
  entry.time_ns = time_ns;
  entry.level = record.level < segment::kLevels ? record.level : segment::kLevels - 1;
  entry.ring = record.ring;
  entry.generation = record.generation;
  entry.sequence = record.sequence;
  entry.thread_id = record.thread_id;
  entry.thread_name = {record.thread_name, strnlen(record.thread_name, sizeof(record.thread_name))};
  RecordHeader header{};
  bool readable = record.size >= sizeof(header);
  if (readable) {
    memcpy(&header, record.bytes, sizeof(header));
    size_t at = sizeof(header);
    readable = (header.size_level & internal::kRecordContext) == 0 ||
               read_context(record, at, entry.context);
    readable = readable && (header.format == 0 ? decode_copied(record, header, at, entry)
                                               : decode_image(record, header, at, entry));
  }
  if (!readable) {
    ++unreadable_;
    entry.plan = unreadable_plan_.get();
    entry.text_bytes = 0;
    entry.context = {};
  }
  return entry;
}

bool Decoder::decode_image(const segment::RawRecord& record, const RecordHeader& header, size_t at,
                           Entry& entry) {
  entry.plan = cache_.find(header.format, header.site, header.types);
  return entry.plan != nullptr && place_arguments(record, at, entry);
}

bool Decoder::decode_copied(const segment::RawRecord& record, const RecordHeader& header, size_t at,
                            Entry& entry) {
  uint16_t lengths[4];
  if (record.size - at < sizeof(lengths)) return false;
  memcpy(lengths, record.bytes + at, sizeof(lengths));
  at += sizeof(lengths);
  const size_t constants = size_t{lengths[0]} + lengths[1] + lengths[2];
  if (constants > record.size - at || lengths[0] >= internal::kRecordArgumentsMax ||
      lengths[0] != header.types || lengths[1] > kConstantTextMax ||
      lengths[2] > kConstantTextMax) {
    return false;
  }
  const char* const begin = record.bytes + at;
  const std::span<const uint8_t> types(reinterpret_cast<const uint8_t*>(begin), lengths[0]);
  for (const uint8_t type : types)
    if (type == 0 || type > static_cast<uint8_t>(ArgumentType::kLast)) return false;
  const std::string_view format(begin + lengths[0], lengths[1]);
  const Site site{{begin + lengths[0] + lengths[1], lengths[2]}, header.site};
  entry.plan = cache_.find_copied(format, types, site);
  return place_arguments(record, (at + constants + 7) & ~size_t{7}, entry);
}

size_t bytes_max(const Entry& entry) {
  return entry.plan->bytes_max + kBytesPerTextByte * (entry.text_bytes + entry.context.bytes);
}

}  // namespace outrigger::render
