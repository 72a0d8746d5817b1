// What the metrics of one interval came to, and the intervals that wait to be posted: small, since in
// an outage there may be hours of them.
//
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "keeper/datum.h"
#include "segment/metric_reader.h"

namespace outrigger::keeper {

// Of a histogram: what was met, and what the ledger will say of it.
struct PartOfHistogram {
  Distribution distribution;  // never empty
  std::vector<segment::MetricOctave> octaves;
};

// One metric's.
struct Part {
  enum class Kind : uint8_t { kCounter, kGauge, kHistogram };
  uint32_t series = 0;  // slot in the segment, or kOwnSeries + number of the keeper's own
  Kind kind = Kind::kCounter;
  double value = 0;
  uint64_t cell = 0;  // of the ledger, once this is acknowledged; not of gauges and own ones
  std::unique_ptr<PartOfHistogram> histogram{};

  bool is_own() const { return series >= kOwnSeries; }
  static constexpr uint32_t kOwnSeries = 1u << 31;
};

struct Interval {
  int64_t unix_s = 0;
  std::vector<Part> parts{};
  size_t sent = 0;  // parts that are settled
};

// Of two intervals that follow each other: the sums of both, the later one's gauges and time.
void merge(Interval& into, Interval later);

// In their order. Bounded: where there are more than 180, or they take more than some 24 MB, the two
// oldest become one, which keeps all sums and loses only when in that time it was.
class IntervalQueue {
 public:
  static constexpr size_t kIntervalsMax = 180;
  static constexpr size_t kBytesMax = 24u << 20;

  void push(Interval interval);
  bool empty() const { return queue_.empty(); }
  size_t size() const { return queue_.size(); }
  size_t bytes() const { return bytes_; }
  Interval& front() { return queue_.front(); }
  void pop();

 private:
  static size_t bytes_of(const Interval& interval);

  std::deque<Interval> queue_;
  size_t bytes_ = 0;
};

}  // namespace outrigger::keeper
