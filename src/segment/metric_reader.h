// Reads the metrics of a segment, every byte of which may be wrong. What a series is is copied once,
// when it shows; values are read anew each time. Values only grow in a service that works; one that
// does not may show anything, and whoever takes differences must expect it.
//
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "segment/metrics.h"

namespace outrigger::segment {

struct MetricSeries {
  uint32_t index = 0;  // of its slot
  MetricKind kind = MetricKind::kCounter;
  uint8_t unit = 0;  // below kUnits
  uint8_t period_s = 60;
  bool from_call = false;
  std::string name;  // printable ASCII
  std::string help;
  std::vector<std::pair<std::string, std::string>> dimensions{};
  std::vector<double> bounds{};  // finite, rising
};
inline constexpr uint8_t kUnits = 27;

// The buckets of one octave of one histogram, over all threads.
struct MetricOctave {
  uint32_t series = 0;  // index of its slot
  uint32_t octave = 0;
  std::array<uint64_t, kBlockBuckets> counts{};
};

struct MetricValues {
  // By slot. Of a counter its value, of a gauge its bits, of a histogram how many were 0.
  std::vector<uint64_t> cells;
  std::vector<double> sums;           // of histograms, by slot
  std::vector<MetricOctave> octaves;  // one keeps its place for ever
  uint64_t refused = 0;               // updates that had no place
};

class MetricReader {
 public:
  // `segment_fd`: the memfd, to pass over what was never touched; -1: all is read.
  MetricReader(View view, int segment_fd) : share_(metrics(view)), fd_(segment_fd) {}

  // Those that showed since the last call are appended; in the order of their slots.
  const std::vector<MetricSeries>& series();
  // Those that showed by the last call.
  const std::vector<MetricSeries>& known() const { return series_; }
  void read(MetricValues& values);
  uint64_t others() const { return share_.head().others.load(std::memory_order_relaxed); }
  uint64_t refused_values() const {
    return share_.head().refused_values.load(std::memory_order_relaxed);
  }
  uint32_t refused_series() const {
    return share_.head().refused_series.load(std::memory_order_relaxed);
  }

 private:
  bool copy(uint32_t index, MetricSeries& series);
  void add_cells(uint32_t shard, size_t from, size_t until, MetricValues& values) const;
  void read_shard(uint32_t shard, size_t bytes, MetricValues& values) const;
  void read_blocks(MetricValues& values);

  const MetricShare share_;
  const int fd_;
  std::vector<MetricSeries> series_;
  uint32_t seen_ = 0;                   // slots that were looked at and are settled
  std::vector<uint8_t> kinds_;          // by slot; 0: none
  std::map<uint64_t, size_t> octaves_;  // by owner; as many as there are blocks
  size_t text_bytes_ = 0;               // of all series: no more than the share has
};

}  // namespace outrigger::segment
