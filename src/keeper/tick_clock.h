// From the processor's ticks, as records carry them, to time of day. The rate is measured against
// CLOCK_MONOTONIC_RAW, better and better; the place is looked up on CLOCK_REALTIME once a second,
// so steps and slews of the system's clock are followed. Not thread-safe.
#pragma once

#include <cstdint>

namespace outrigger::keeper {

class TickClock {
 public:
  // An anchor that someone else wrote down (segment::Header): a pair that makes no sense is passed
  // over.
  TickClock(uint64_t ticks_then, int64_t real_then_ns);

  // To be called about once a second.
  void adjust();

  int64_t time_of(uint64_t ticks) const {
    const auto since = static_cast<int64_t>(ticks - anchor_ticks_);
    __extension__ typedef __int128 Wide;
    return anchor_ns_ + static_cast<int64_t>((Wide{since} * ns_per_tick_) >> kFractionBits);
  }

 private:
  static constexpr int kFractionBits = 40;

  struct Reading {
    uint64_t ticks;
    int64_t ns;
  };
  static Reading read(int clock);
  void set_rate(uint64_t ticks, int64_t ns);

  Reading first_;
  uint64_t anchor_ticks_ = 0;
  int64_t anchor_ns_ = 0;
  int64_t ns_per_tick_ = 0;  // with kFractionBits of fraction
};

}  // namespace outrigger::keeper
