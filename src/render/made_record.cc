#include "render/made_record.h"

#include <string.h>

namespace outrigger::render {

using internal::ArgumentType;
using internal::RecordHeader;

void MadeRecord::begin(uint32_t level, std::string_view format, const Site& site) {
  level_ = level;
  format_ = format.substr(0, kConstantTextMax);
  site_ = {site.file.substr(0, kConstantTextMax), site.line};
  count_ = 0;
  texts_.clear();
}

void MadeRecord::add(ArgumentType type, uint64_t word) {
  if (count_ + 1 >= types_.size()) return;
  types_[count_] = static_cast<uint8_t>(type);
  words_[count_++] = word;
}

void MadeRecord::add(std::string_view text) {
  if (count_ + 1 >= types_.size()) return;
  add(ArgumentType::kText, text.size());
  texts_.insert(texts_.end(), text.begin(), text.end());
}

segment::RawRecord MadeRecord::finish() {
  const uint16_t lengths[4] = {static_cast<uint16_t>(count_), static_cast<uint16_t>(format_.size()),
                               static_cast<uint16_t>(site_.file.size()), 0};
  const size_t constants = sizeof(lengths) + count_ + format_.size() + site_.file.size();
  const size_t words_at = sizeof(RecordHeader) + ((constants + 7) & ~size_t{7});
  const size_t size = (words_at + 8 * count_ + texts_.size() + 7) & ~size_t{7};
  bytes_.assign(size, '\0');

  RecordHeader header{};
  header.size_level = static_cast<uint32_t>(size) | level_ << internal::kRecordLevelShift;
  header.site = site_.line;
  header.types = static_cast<uint32_t>(count_);
  char* to = bytes_.data();
  const auto put = [&to](const void* from, size_t n) {
    if (n != 0) memcpy(to, from, n);
    to += n;
  };
  put(&header, sizeof(header));
  put(lengths, sizeof(lengths));
  put(types_.data(), count_);
  put(format_.data(), format_.size());
  put(site_.file.data(), site_.file.size());
  to = bytes_.data() + words_at;
  put(words_.data(), 8 * count_);
  put(texts_.data(), texts_.size());

  segment::RawRecord record;
  record.bytes = bytes_.data();
  record.size = static_cast<uint32_t>(size);
  record.level = level_;
  return record;
}

}  // namespace outrigger::render
