// How much of each metric CloudWatch has acknowledged: in memory that outlives the keeper (the end
// of the spool's memfd), so that a successor posts what is left, to the last one.
//
//   LedgerHead                 which request was acknowledged last
//   LedgerEntry[series]        what is acknowledged of a counter, or of a histogram's zeros
//   LedgerOctave[blocks]       the same of 64 buckets
//
// Each entry has two values. A request that is about to be sent writes the new one beside the one
// that counts, and its own number; the single store of `acknowledged` makes all new ones of the
// request count. A keeper that dies while a request is under way leaves its number unacknowledged:
// its successor posts those values again, and they are counted as ambiguous.
//
// Threads: one.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <vector>

#include "base/mapping.h"
#include "segment/metric_reader.h"

namespace outrigger::keeper {

inline constexpr size_t kCounted = 4;  // totals of the keeper's own

struct LedgerHead {
  std::atomic<uint64_t> magic;
  std::atomic<uint64_t> acknowledged;  // all requests up to this number
  std::atomic<uint64_t> begun;
  std::atomic<uint64_t> sent;       // datums that were acknowledged
  std::atomic<uint64_t> dropped;    // datums given up
  std::atomic<uint64_t> ambiguous;  // datums sent twice, which may have been taken twice
  std::atomic<uint64_t> retries;
  uint64_t in_flight_datums;
  std::atomic<uint64_t> counted[kCounted];  // as of the last interval
};
struct LedgerEntry {
  uint64_t old;
  uint64_t new_;
  uint64_t request;  // 0: `old` counts; else `new_` counts once that request is acknowledged
};
struct LedgerOctave {
  std::atomic<uint64_t> owner;
  uint64_t old[segment::kBlockBuckets];
  uint64_t new_[segment::kBlockBuckets];
  uint64_t request;
};

class MetricLedger {
 public:
  // What a predecessor had under way when it ended, whose answer nobody heard.
  enum class Doubtful {
    kNotTaken,  // it counts as not taken, and is sent again
    kTaken,
  };
  // `fd`: the spool's memfd; where that has no room for it, memory of the process's own.
  explicit MetricLedger(int fd, Doubtful doubtful = Doubtful::kNotTaken);
  explicit operator bool() const { return head_ != nullptr; }

  LedgerHead& head() const { return *head_; }
  // Acknowledged, of the series of that slot.
  uint64_t cell(uint32_t series) const;
  uint64_t bucket(uint32_t series, uint32_t octave, size_t bucket) const;

  // A request: its number first, then what it would make of each value, then its end.
  void begin(uint64_t datums);
  void will_be(uint32_t series, uint64_t cell);
  void will_be(const segment::MetricOctave& octave);
  void acknowledge();

 private:
  LedgerEntry& entry(uint32_t series) const;
  LedgerOctave* octave(uint32_t series, uint32_t octave, bool make);
  uint64_t current(uint64_t old, uint64_t new_value, uint64_t request) const {
    return request != 0 && request <= head_->acknowledged.load(std::memory_order_relaxed)
               ? new_value
               : old;
  }

  const segment::MetricLayout layout_ = segment::metric_layout();
  base::Mapping mapping_;
  LedgerHead* head_ = nullptr;
  std::map<uint64_t, size_t> octaves_;  // by owner
};

}  // namespace outrigger::keeper
