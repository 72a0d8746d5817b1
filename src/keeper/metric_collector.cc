#include "keeper/metric_collector.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>

#include "aws/cloudwatch.h"

namespace outrigger::keeper {

using segment::MetricKind;

void MetricCollector::learn_series() {
  const auto& series = reader_.series();
  for (; known_ < series.size(); ++known_) {
    const segment::MetricSeries& each = series[known_];
    if (each.index >= places_.size()) places_.resize(each.index + 1);
    places_[each.index] = static_cast<uint32_t>(known_ + 1);
    periods_ |= uint64_t{1} << each.period_s;
  }
}

bool MetricCollector::is_due(int64_t second) {
  learn_series();
  if (second % kMinute == 0) return true;
  for (int64_t period = 1; period < kMinute; ++period)
    if ((periods_ >> period & 1) != 0 && second % period == 0) return true;
  return false;
}

void MetricCollector::take_distribution(const segment::MetricSeries& series,
                                        const std::vector<size_t>& places,
                                        PartOfHistogram& histogram) {
  for (const size_t place : places) {
    const segment::MetricOctave& now = values_.octaves[place];
    auto [last, is_new] = octaves_.try_emplace({series.index, now.octave}, now);
    if (is_new) {
      for (size_t b = 0; b < segment::kBlockBuckets; ++b)
        last->second.counts[b] = ledger_ ? ledger_.bucket(now.series, now.octave, b) : 0;
    }
    bool changed = false;
    for (size_t b = 0; b < segment::kBlockBuckets; ++b) {
      uint64_t& old = last->second.counts[b];
      if (now.counts[b] <= old) continue;
      histogram.distribution.emplace_back(segment::bucket_middle(now.octave, b),
                                          now.counts[b] - old);
      old = now.counts[b];
      changed = true;
    }
    if (changed) histogram.octaves.push_back(last->second);
  }
  std::sort(histogram.distribution.begin(), histogram.distribution.end());
}

std::optional<Part> MetricCollector::difference(const segment::MetricSeries& series,
                                                const Octaves& octaves) {
  Part part;
  part.series = series.index;
  const uint64_t cell = values_.cells[series.index];
  if (series.kind == MetricKind::kGauge) {
    part.kind = Part::Kind::kGauge;
    part.value = std::bit_cast<double>(cell);
    if (!std::isfinite(part.value) || std::abs(part.value) > aws::cloudwatch::kValueMax)
      return std::nullopt;
    return part;
  }
  uint64_t& before = cells_[series.index];
  // A value that went back is a corrupt service's: nothing was counted then.
  const uint64_t grown = cell > before ? cell - before : 0;
  before = part.cell = std::max(cell, before);
  part.value = static_cast<double>(grown);
  if (series.kind == MetricKind::kCounter) {
    if (grown == 0 && series.from_call) return std::nullopt;
    return part;
  }
  part.kind = Part::Kind::kHistogram;
  part.histogram = std::make_unique<PartOfHistogram>();
  if (grown != 0) part.histogram->distribution.emplace_back(0, grown);
  if (const auto found = octaves.find(series.index); found != octaves.end())
    take_distribution(series, found->second, *part.histogram);
  if (part.histogram->distribution.empty()) return std::nullopt;
  return part;
}

void MetricCollector::take(int64_t second, Take what, std::vector<Part>& parts) {
  reader_.read(values_);
  learn_series();
  for (size_t i = cells_.size(); i < values_.cells.size(); ++i)
    cells_.push_back(ledger_ ? ledger_.cell(static_cast<uint32_t>(i)) : 0);
  Octaves octaves;
  for (size_t i = 0; i < values_.octaves.size(); ++i)
    octaves[values_.octaves[i].series].push_back(i);
  if (second % kMinute == 0 || what == Take::kAll) parts.reserve(parts.size() + known_);
  for (const segment::MetricSeries& each : reader_.known()) {
    if (each.index >= values_.cells.size() || (what == Take::kDue && second % each.period_s != 0))
      continue;
    if (auto part = difference(each, octaves)) parts.push_back(std::move(*part));
  }
}

}  // namespace outrigger::keeper
