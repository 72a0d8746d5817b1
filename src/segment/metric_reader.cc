#include "segment/metric_reader.h"

#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

namespace outrigger::segment {
namespace {

std::string clean(const char* text, size_t size) {
  std::string copy(text, size);
  for (char& c : copy)
    if (c < 0x20 || c > 0x7e) c = '?';
  return copy;
}

// The next NUL-terminated text of `rest`; false when there is none.
bool take_text(std::string_view& rest, std::string& text) {
  const size_t end = rest.find('\0');
  if (end == std::string_view::npos || end == 0) return false;
  text = clean(rest.data(), end);
  rest.remove_prefix(end + 1);
  return true;
}

}  // namespace

bool MetricReader::copy(uint32_t index, MetricSeries& series) {
  const MetricSlot& slot = share_.slot(index);
  series.index = index;
  series.kind = slot.kind;
  series.unit = slot.unit;
  series.period_s = slot.period_s;
  series.from_call = slot.from_call != 0;
  const uint8_t pairs = slot.dimension_count;
  const size_t text = slot.text, name_bytes = slot.name_bytes, help_bytes = slot.help_bytes,
               dimension_bytes = slot.dimension_bytes, bound_bytes = slot.bound_bytes;
  const size_t bytes = name_bytes + help_bytes + dimension_bytes + bound_bytes;
  if (series.kind != MetricKind::kCounter && series.kind != MetricKind::kGauge &&
      series.kind != MetricKind::kHistogram)
    return false;
  if (series.unit >= kUnits || series.period_s == 0 || series.period_s > 60 || name_bytes == 0 ||
      name_bytes > 255 || bytes > kSeriesTextMax || text > share_.layout.text_bytes() ||
      bytes > share_.layout.text_bytes() - text)
    return false;
  // Texts that overlap are a corrupt service's, and would be copied for each series.
  if (bytes > share_.layout.text_bytes() - text_bytes_) return false;
  text_bytes_ += bytes;
  // Copied once: what is checked is what is used.
  const std::string all(share_.text() + text, bytes);
  series.name = clean(all.data(), name_bytes);
  series.help = clean(all.data() + name_bytes, help_bytes);
  std::string_view rest = std::string_view(all).substr(name_bytes + help_bytes);
  for (uint8_t i = 0; i < pairs; ++i) {
    std::pair<std::string, std::string> pair;
    if (!take_text(rest, pair.first) || !take_text(rest, pair.second)) return false;
    series.dimensions.push_back(std::move(pair));
  }
  for (size_t at = bytes - bound_bytes; at + sizeof(double) <= bytes; at += sizeof(double)) {
    double bound;
    memcpy(&bound, all.data() + at, sizeof(bound));
    if (!std::isfinite(bound) || (!series.bounds.empty() && bound <= series.bounds.back()))
      return false;
    series.bounds.push_back(bound);
  }
  return true;
}

const std::vector<MetricSeries>& MetricReader::series() {
  // Acquire: pairs with the service's release; slots below are filled in order.
  const uint32_t used =
      std::min(share_.head().used.load(std::memory_order_acquire), share_.layout.series);
  kinds_.resize(std::max<size_t>(kinds_.size(), used));
  for (; seen_ < used; ++seen_) {
    if (share_.slot(seen_).ready.load(std::memory_order_acquire) == 0) continue;
    MetricSeries series;
    if (!copy(seen_, series)) continue;
    kinds_[seen_] = static_cast<uint8_t>(series.kind);
    series_.push_back(std::move(series));
  }
  return series_;
}

// Cells whose offsets within the shard are in [from, until).
void MetricReader::add_cells(uint32_t shard, size_t from, size_t until,
                             MetricValues& values) const {
  const char* const base = share_.shard(shard);
  for (size_t at = from; at < until; at += sizeof(uint64_t)) {
    const uint64_t value =
        reinterpret_cast<const std::atomic<uint64_t>*>(base + at)->load(std::memory_order_relaxed);
    if (value == 0) continue;
    const size_t index = at / sizeof(uint64_t);
    if (index == 0) {
      values.refused += value;
    } else if (kinds_[index - 1] != 0) {
      if (kinds_[index - 1] != static_cast<uint8_t>(MetricKind::kGauge) || shard == 0)
        values.cells[index - 1] += value;
    } else if (index > 1 && kinds_[index - 2] == static_cast<uint8_t>(MetricKind::kHistogram)) {
      const double sum = std::bit_cast<double>(value);
      if (std::isfinite(sum)) values.sums[index - 2] += sum;
    }
  }
}

void MetricReader::read_shard(uint32_t shard, size_t bytes, MetricValues& values) const {
  if (fd_ < 0) return add_cells(shard, 0, bytes, values);
  const auto begin = static_cast<off_t>(kMetricsAt + share_.layout.shard_at(shard));
  const off_t end = begin + static_cast<off_t>(bytes);
  for (off_t at = begin; at < end;) {
    const off_t data = lseek(fd_, at, SEEK_DATA);
    if (data < 0 || data >= end) return;
    const off_t hole = lseek(fd_, data, SEEK_HOLE);
    const off_t until = hole < 0 ? end : std::min(hole, end);
    if (until <= at) return;
    add_cells(shard, static_cast<size_t>(data - begin), static_cast<size_t>(until - begin), values);
    at = until;
  }
}

void MetricReader::read_blocks(MetricValues& values) {
  const uint32_t blocks =
      std::min(share_.head().blocks.load(std::memory_order_acquire), share_.layout.blocks);
  for (uint32_t i = 1; i < blocks; ++i) {
    // Acquire: pairs with the service's release.
    const uint64_t owner = share_.owner(i).load(std::memory_order_acquire);
    const auto octave = static_cast<uint32_t>(owner);
    const uint64_t series = (owner >> 32) - 1;
    if (owner == 0 || octave >= internal::kOctaves || series >= kinds_.size() ||
        kinds_[series] != static_cast<uint8_t>(MetricKind::kHistogram))
      continue;
    auto place = octaves_.find(owner);
    if (place == octaves_.end()) {
      // A block keeps its owner; one that has a new one at each look would be remembered each time.
      if (octaves_.size() == share_.layout.blocks) continue;
      place = octaves_.emplace(owner, octaves_.size()).first;
    }
    if (place->second >= values.octaves.size()) values.octaves.resize(place->second + 1);
    MetricOctave& sum = values.octaves[place->second];
    sum.series = static_cast<uint32_t>(series);
    sum.octave = octave;
    const auto* const buckets =
        reinterpret_cast<const std::atomic<uint64_t>*>(share_.blocks() + size_t{i} * kBlockBytes);
    for (size_t b = 0; b < kBlockBuckets; ++b)
      sum.counts[b] += buckets[b].load(std::memory_order_relaxed);
  }
}

void MetricReader::read(MetricValues& values) {
  series();
  values.cells.assign(kinds_.size(), 0);
  values.sums.assign(kinds_.size(), 0);
  values.octaves.assign(octaves_.size(), {});
  values.refused = 0;
  const size_t bytes = (kinds_.size() + 1) * sizeof(uint64_t);
  const uint32_t shards =
      std::min(share_.head().shards.load(std::memory_order_relaxed), share_.layout.shards);
  for (uint32_t i = 0; i < shards; ++i) read_shard(i, bytes, values);
  read_blocks(values);
}

}  // namespace outrigger::segment
