// Metrics in the segment: its last share, since a program may raise its size
// (OUTRIGGER_METRICS_BUDGET in outrigger/metrics.h). This page is its ABI, as layout.h is of the
// rest.
//
//   MetricHead                    counts
//   MetricSlot[series]            what each series is: kind, unit, where its text and its cell are
//   std::atomic<uint64_t>[blocks] what each block of buckets belongs to
//   text                          names, helps, dimensions
//   cells[shards][cells a shard]  values: a shard begins on a page of its own
//   blocks[blocks][64]            buckets of histograms
//
// Shard 0 is everybody's, by locked instructions; each other one belongs to one thread at a time,
// which adds with plain ones. A counter's value is the sum of its cell in all shards. A gauge has
// its cell in shard 0: the bits of a double. A histogram has two cells: how many values were 0
// (or below 2^-32), and the bits of the sum; and for each octave that a thread met, a block of 64
// buckets. Nothing is ever taken back: values only grow, whoever reads takes differences.
//
// Slot i has cell i + 1. A histogram takes two slots, of which the second is never ready.
//
// Cell 0 of every shard counts updates that have no place: of series beyond the budget or with a
// name that will not do.
//
// Whoever reads: a shard or block that nobody touched is a hole in the memfd, and reading it
// through a mapping would fill it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "outrigger/internal/metric_cells.h"
#include "segment/layout.h"

// A program's own budget, if it has one: a constant of the executable, so that all roles agree.
extern "C" [[gnu::weak]] const outrigger::internal::MetricBudget outrigger_metrics_budget;

namespace outrigger::segment {

enum class MetricKind : uint8_t { kCounter = 1, kGauge, kHistogram };

struct MetricHead {
  std::atomic<uint32_t> used;    // slots below were taken; each is complete once `ready` says so
  std::atomic<uint32_t> shards;  // shards below were ever in use
  std::atomic<uint32_t> blocks;  // blocks below were taken
  std::atomic<uint32_t> refused_series;
  std::atomic<uint64_t> others;          // updates that went to an `other` set of dimensions
  std::atomic<uint64_t> refused_values;  // negative, not finite, beyond 2^64, or without a block
};

struct alignas(32) MetricSlot {
  std::atomic<uint32_t> ready;
  MetricKind kind;
  uint8_t unit;             // outrigger::metrics::Unit
  uint8_t period_s;         // 60, or 1 to 59 for high resolution
  uint8_t dimension_count;  // pairs of NUL-terminated texts behind the help
  uint32_t text;            // offset
  uint16_t name_bytes;
  uint16_t help_bytes;
  uint16_t dimension_bytes;
  uint16_t from_call;    // 1: the dimensions were given by a call
  uint16_t bound_bytes;  // doubles behind the dimensions: upper bounds for /metrics
  uint16_t reserved[3];
};
static_assert(sizeof(MetricSlot) == 32);

inline constexpr size_t kBlockBuckets = internal::kOctaveBuckets;
inline constexpr size_t kBlockBytes = kBlockBuckets * sizeof(uint64_t);
inline constexpr size_t kTextBytesASeries = 96;
// The longest name, help and buckets, and 29 of the longest dimensions: 15,870 bytes.
inline constexpr size_t kSeriesTextMax = 16'000;

constexpr size_t cell_of(uint32_t series) { return (size_t{series} + 1) * sizeof(uint64_t); }

// The middle of a bucket: what its values are taken for.
constexpr double bucket_middle(uint32_t octave, size_t bucket) {
  const uint64_t first = internal::kFirstBucket + uint64_t{octave} * kBlockBuckets + bucket;
  constexpr uint64_t kHalf = uint64_t{1} << (internal::kBucketShift - 1);
  return std::bit_cast<double>((first << internal::kBucketShift) | kHalf);
}

// What a block holds: 0 while it is not complete.
constexpr uint64_t block_owner(uint32_t series, uint32_t octave) {
  return uint64_t{series + 1} << 32 | octave;
}

// The budget within its limits, and where the parts of the share lie, relative to its begin.
struct MetricLayout {
  uint32_t series;
  uint32_t shards;  // shard 0 included
  uint32_t blocks;
  uint32_t dimension_sets;
  uint32_t values_a_key;

  static constexpr uint32_t choose(uint32_t wanted, uint32_t otherwise, uint32_t max) {
    return wanted == 0 ? otherwise : std::min(wanted, max);
  }
  static constexpr MetricLayout of(const internal::MetricBudget& budget) {
    const uint32_t series = choose(budget.series, 8192, 1'000'000);
    return {series, 1 + choose(budget.threads, 31, 254), series / 2,
            choose(budget.dimension_sets, 200, series), choose(budget.values_a_key, 1000, series)};
  }

  constexpr size_t slots_at() const { return kPage; }
  constexpr size_t owners_at() const { return slots_at() + page_up(series * sizeof(MetricSlot)); }
  constexpr size_t text_at() const { return owners_at() + page_up(blocks * sizeof(uint64_t)); }
  constexpr size_t text_bytes() const { return page_up(series * kTextBytesASeries); }
  constexpr size_t cells_at() const { return text_at() + text_bytes(); }
  constexpr size_t shard_bytes() const { return page_up((size_t{series} + 1) * sizeof(uint64_t)); }
  constexpr size_t shard_at(size_t shard) const { return cells_at() + shard * shard_bytes(); }
  constexpr size_t blocks_at() const { return shard_at(shards); }
  constexpr size_t bytes() const { return blocks_at() + page_up(size_t{blocks} * kBlockBytes); }
};

inline MetricLayout metric_layout() {
  return MetricLayout::of(&outrigger_metrics_budget != nullptr ? outrigger_metrics_budget
                                                               : internal::MetricBudget{});
}

inline constexpr size_t kMetricsAt = kBytes;
static_assert(kMetricsAt + MetricLayout::of({}).bytes() <= kBudgetBytes,
              "the shares exceed the memory budget");

// The whole segment.
inline size_t segment_bytes() { return kMetricsAt + metric_layout().bytes(); }

// What CloudWatch has acknowledged (src/keeper/metric_ledger.h) lies in the keeper's own memfd, which
// the supervisor makes: from here on.
inline constexpr size_t kLedgerAt = 80u << 20;
inline constexpr size_t kLedgerEntryBytes = 24;
inline constexpr size_t kLedgerOctaveBytes = 16 + 2 * kBlockBytes;
inline size_t ledger_bytes(const MetricLayout& layout) {
  return kPage + page_up(layout.series * kLedgerEntryBytes) +
         page_up(layout.blocks * kLedgerOctaveBytes);
}

// The parts of a share that begins at `base`. It owns nothing and checks nothing.
struct MetricShare {
  char* base;
  MetricLayout layout;

  MetricHead& head() const { return *reinterpret_cast<MetricHead*>(base); }
  MetricSlot& slot(size_t i) const {
    return *reinterpret_cast<MetricSlot*>(base + layout.slots_at() + i * sizeof(MetricSlot));
  }
  std::atomic<uint64_t>& owner(size_t block) const {
    return *reinterpret_cast<std::atomic<uint64_t>*>(base + layout.owners_at() +
                                                     block * sizeof(uint64_t));
  }
  char* text() const { return base + layout.text_at(); }
  char* shard(size_t i) const { return base + layout.shard_at(i); }
  char* blocks() const { return base + layout.blocks_at(); }
};

inline MetricShare metrics(const View& view) { return {view.base() + kMetricsAt, metric_layout()}; }

}  // namespace outrigger::segment
