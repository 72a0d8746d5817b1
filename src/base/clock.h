// The three clocks. No state; all may be called from any thread and from signal handlers.
#pragma once

#include <time.h>

#include <cstdint>

namespace outrigger::base {

// The processor's own counter: constant rate, the same on all cores, no system call. Its unit is
// the processor's affair; the segment's header anchors it to real time (segment/layout.h).
inline uint64_t ticks() {
#if defined(__x86_64__)
  uint32_t low, high;
  // Not serialised on purpose: a few nanoseconds of reordering do not matter to a log, 20 ns of
  // lfence do.
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return static_cast<uint64_t>(high) << 32 | low;
#elif defined(__aarch64__)
  uint64_t count;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#else
#error "ticks() is written for x86-64 and aarch64"
#endif
}

inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int64_t kNsPerSecond = 1'000'000'000;

inline int64_t clock_ns(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}
// CLOCK_MONOTONIC: comparable between the processes of one machine. Never 0 in practice, so 0 may
// mean "none".
inline int64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }
// CLOCK_REALTIME: nanoseconds since 1970.
inline int64_t real_ns() { return clock_ns(CLOCK_REALTIME); }

}  // namespace outrigger::base
