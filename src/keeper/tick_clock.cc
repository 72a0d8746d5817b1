#include "keeper/tick_clock.h"

#include <time.h>

#include "base/clock.h"

namespace outrigger::keeper {
namespace {

// Rates of counters that exist: 10 MHz (some aarch64) to 10 GHz.
bool is_rate(uint64_t ticks, int64_t ns) {
  const double per_ns = static_cast<double>(ticks) / static_cast<double>(ns);
  return per_ns > 0.01 && per_ns < 10;
}

}  // namespace

TickClock::Reading TickClock::read(int clock) {
  // The reading with the least time around it: an interruption between the two would tear them
  // apart.
  Reading best{};
  uint64_t best_gap = UINT64_MAX;
  for (int i = 0; i < 4; ++i) {
    const uint64_t before = base::ticks();
    const int64_t ns = base::clock_ns(clock);
    const uint64_t gap = base::ticks() - before;
    if (gap >= best_gap) continue;
    best_gap = gap;
    best = {before + gap / 2, ns};
  }
  return best;
}

TickClock::TickClock(uint64_t ticks_then, int64_t real_then_ns)
    : first_(read(CLOCK_MONOTONIC_RAW)) {
  const Reading real = read(CLOCK_REALTIME);
  // A short time gives a poor rate, a long one may hold a step of the clock.
  const int64_t elapsed_ns = real_then_ns > 0 ? real.ns - real_then_ns : 0;
  if (elapsed_ns > base::kNsPerMs / 2 && elapsed_ns < 60 * base::kNsPerSecond &&
      is_rate(real.ticks - ticks_then, elapsed_ns)) {
    set_rate(real.ticks - ticks_then, elapsed_ns);
  } else {
    const timespec pause{0, base::kNsPerMs / 2};
    nanosleep(&pause, nullptr);
    const Reading later = read(CLOCK_MONOTONIC_RAW);
    set_rate(later.ticks - first_.ticks, later.ns - first_.ns);
  }
  anchor_ticks_ = real.ticks;
  anchor_ns_ = real.ns;
}

void TickClock::adjust() {
  const Reading raw = read(CLOCK_MONOTONIC_RAW);
  if (raw.ns - first_.ns > base::kNsPerMs) set_rate(raw.ticks - first_.ticks, raw.ns - first_.ns);
  const Reading real = read(CLOCK_REALTIME);
  anchor_ticks_ = real.ticks;
  anchor_ns_ = real.ns;
}

void TickClock::set_rate(uint64_t ticks, int64_t ns) {
  if (ticks == 0) return;
  __extension__ typedef __int128 Wide;
  ns_per_tick_ = static_cast<int64_t>((Wide{ns} << kFractionBits) / ticks);
}

}  // namespace outrigger::keeper
