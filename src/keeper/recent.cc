#include "keeper/recent.h"

#include <algorithm>
#include <utility>

#include "render/value.h"

namespace outrigger::keeper {

void Recent::note(const segment::RawRecord& record, int64_t time_ns) {
  Kept& kept = noted_[count_++ % kEntries];
  kept.record = record;
  kept.time_ns = time_ns;
  kept.bytes.assign(record.bytes, record.bytes + record.size);
}

void Recent::publish() {
  if (count_ == published_count_) return;
  const std::lock_guard lock(mutex_);
  const uint64_t news = std::min<uint64_t>(count_ - published_count_, kEntries);
  for (uint64_t i = count_ - news; i < count_; ++i) shown_[i % kEntries] = noted_[i % kEntries];
  shown_count_ = published_count_ = count_;
}

std::string Recent::keys() const {
  std::string keys;
  for (uint64_t i = count_ - std::min<uint64_t>(count_, kEntries); i < count_; ++i) {
    const segment::RawRecord& record = noted_[i % kEntries].record;
    if (!keys.empty()) keys += ' ';
    keys += render::ring_name(record.ring) + "." + std::to_string(record.generation) + ":" +
            std::to_string(record.sequence);
  }
  return keys;
}

std::vector<admin::LogEntry> Recent::entries() {
  const std::lock_guard lock(mutex_);
  std::vector<admin::LogEntry> entries;
  for (uint64_t i = 0; i < std::min<uint64_t>(shown_count_, kEntries); ++i) {
    Kept& kept = shown_[(shown_count_ - 1 - i) % kEntries];
    kept.record.bytes = kept.bytes.data();
    const render::Entry entry = decoder_.decode(kept.record, kept.time_ns);
    admin::LogEntry shown;
    shown.time_ns = kept.time_ns;
    shown.level = static_cast<admin::Level>(entry.level);
    shown.message = render::message_of(entry);
    shown.source = entry.plan->source;
    for (auto& [name, value] : render::fields_of(entry))
      shown.fields.emplace_back(std::move(name), std::move(value));
    entries.push_back(std::move(shown));
  }
  return entries;
}

}  // namespace outrigger::keeper
