// The keeper's side of the log rings. Every byte it reads may be hostile: the service may have died
// anywhere, or be corrupt and still writing. A record is copied, the copy is checked, the copy is
// used.
//
// A round:  begin(horizon) - next() until false - the caller makes what it got safe - release().
// Records come oldest first by ticks across rings, exactly in order within one ring. Not
// thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "segment/layout.h"

namespace outrigger::segment {

inline constexpr size_t kSources = kRings + 1;  // the rings, and the overflow queue as the last

// How far a source has been read. The caller keeps these across its own death (keeper/spool.h).
struct SourceMark {
  uint64_t read = 0;           // ring: position; overflow queue: ticket
  uint64_t next_sequence = 0;  // the sequence number expected next (rings)
  uint64_t last_ticks = 0;     // of the last record given out
  uint64_t gaps = 0;           // calls missing in the sequence so far, all generations
  uint64_t told = 0;           // of the drops that the writers counted, how many were told already
  uint32_t generation = 0;
  uint32_t reserved = 0;
};
using SourceMarks = std::array<SourceMark, kSources>;

struct RawRecord {
  const char* bytes =
      nullptr;  // the checked copy, header first; valid until the next call of next()
  uint32_t size = 0;
  uint32_t level = 0;  // 0..5
  uint32_t ring = 0;   // kOverflowRing for the queue
  uint32_t generation = 0;
  uint64_t sequence = 0;
  uint64_t ticks = 0;
  uint64_t missing = 0;         // calls dropped before this record of its ring and not told before
  uint64_t previous_ticks = 0;  // of that previous record, 0 when there was none
  int32_t thread_id = 0;
  char thread_name[16] = {};
};

struct DropTotals {
  std::array<uint64_t, kLevels> by_level{};
  uint64_t total() const {
    uint64_t sum = 0;
    for (uint64_t n : by_level) sum += n;
    return sum;
  }
};

class Reader {
 public:
  // `segment_fd` serves to give back the pages of ended threads; -1 leaves them.
  Reader(View view, int segment_fd) : view_(view), segment_fd_(segment_fd) {}

  // Goes on where a predecessor stopped.
  void resume(const SourceMarks& marks);

  // Starts a round with what is published now. Records with later ticks than `horizon` wait for the
  // next round; UINT64_MAX takes everything. `service_dead`: half-written overflow cells are
  // stepped over. Returns false when nothing is there.
  bool begin(uint64_t horizon, bool service_dead);
  // Whether begin() left something that is beyond the horizon.
  bool has_younger() const { return younger_; }

  bool next(RawRecord& record);

  // Marks that cover all that next() has given out.
  const SourceMarks& marks() const { return marks_; }

  // Gives the room back to the writers. Call only when the marks are safe.
  void release();

  // What the writers have counted as dropped, all generations.
  DropTotals dropped() const;
  // Drops that no record has told yet (nothing came after them). Marks them as told: each drop is
  // told once, either here or as RawRecord::missing. `since_ticks`: the oldest last record of a
  // ring concerned.
  struct Untold {
    uint64_t count = 0;
    uint64_t since_ticks = 0;
  };
  Untold take_untold();

  uint64_t corruptions() const {
    return corruptions_;
  }  // times a source was out of order and resynchronised
  uint64_t abandoned() const { return abandoned_; }  // overflow cells whose writer died inside

 private:
  struct Head {
    bool loaded = false;
    uint64_t ticks = 0;
    uint32_t size = 0;
  };

  uint64_t plausible(uint64_t ticks) const;
  bool load_ring_head(uint32_t ring);
  bool load_overflow_head();
  void take_ring(uint32_t ring, RawRecord& record);
  void take_overflow(RawRecord& record);
  void resynchronise(uint32_t ring);
  void free_if_ended(uint32_t ring);

  View view_;
  int segment_fd_;
  SourceMarks marks_{};
  std::array<uint64_t, kSources> published_{};  // this round's end, per source
  std::array<Head, kSources> heads_{};
  std::array<uint32_t, kSources> active_{};  // sources with something to give this round
  uint32_t active_count_ = 0;
  uint64_t horizon_ = 0;
  uint64_t run_until_ =
      0;  // the current source may go on up to these ticks without a new comparison
  uint32_t current_ = kSources;
  bool service_dead_ = false;
  bool younger_ = false;
  uint64_t corruptions_ = 0;
  uint64_t abandoned_ = 0;
  alignas(64) char copy_[64u << 10];
};

}  // namespace outrigger::segment
