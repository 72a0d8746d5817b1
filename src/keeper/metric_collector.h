// Takes from the segment what its metrics have come to since the last time: the differences. It begins
// where the ledger says that a predecessor's acknowledged values end.
//
// What a collection costs grows with the series and with the pages of shards that were touched:
// tests/instructions gates it.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "keeper/interval.h"
#include "keeper/metric_ledger.h"
#include "segment/metric_reader.h"

namespace outrigger::keeper {

class MetricCollector {
 public:
  static constexpr int64_t kMinute = 60;

  // `ledger` outlives it.
  MetricCollector(segment::View view, int segment_fd, const MetricLedger& ledger)
      : ledger_(ledger), reader_(view, segment_fd) {}

  // Whether any series is sent at that second; all are each 60.
  bool is_due(int64_t second);
  enum class Take {
    kDue,  // of those that are due at that second
    kAll,  // the last interval
  };
  // Appended to `parts`, in the order of the slots.
  void take(int64_t second, Take what, std::vector<Part>& parts);

  // Of a part that was taken here.
  const segment::MetricSeries& series(const Part& part) const {
    return reader_.known()[places_[part.series] - 1];
  }

 private:
  // Which of the octaves that were read belong to a series, by its slot.
  using Octaves = std::map<uint32_t, std::vector<size_t>>;

  void learn_series();
  std::optional<Part> difference(const segment::MetricSeries& series, const Octaves& octaves);
  void take_distribution(const segment::MetricSeries& series, const std::vector<size_t>& places,
                         PartOfHistogram& histogram);

  const MetricLedger& ledger_;
  segment::MetricReader reader_;
  segment::MetricValues values_;  // of the last look; kept for its memory
  std::vector<uint64_t> cells_;   // as of the last difference, by slot
  std::map<std::pair<uint32_t, uint32_t>, segment::MetricOctave> octaves_;  // likewise
  std::vector<uint32_t> places_;  // by slot: 1 + place among the reader's series; 0: none
  size_t known_ = 0;              // of the reader's series, how many are in `places_`
  uint64_t periods_ = 0;          // bit p: a series is sent each p seconds
};

}  // namespace outrigger::keeper
