// The timers of a profile, one a thread, on its own CPU clock or on everyone's. Thread-safe; not for signal handlers.
#pragma once

#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "segment/samples.h"

namespace outrigger::profile {

// This process's threads, by number.
std::vector<int32_t> threads_now();

class Timers {
 public:
  static constexpr size_t kThreadsMax = 8192;

  explicit Timers(segment::TickClock clock) : clock_(clock) {}

  // From now on threads get timers of so many ticks a second; their signals bear the clock's number.
  // False when the kernel gives none.
  bool begin(uint32_t hz, int signal);
  void end();

  // For the calling thread.
  void add_own(int32_t thread_id);
  void remove_own(int32_t thread_id);
  // Threads that are there and have none get one; those of threads that have ended are deleted.
  void look_for_threads();

  bool active() const { return period_ns_.load(std::memory_order_acquire) != 0; }
  // Of a thread's time, what lies between two of its signals when none is late: the period that was
  // asked for, or the kernel's tick where that is longer.
  int64_t period_ns() const { return period_ns_.load(std::memory_order_relaxed); }
  // Its signals come with the kernel's ticks, of which there are more than are asked for.
  bool may_fall_behind() const {
    return clock_ == segment::TickClock::kCpu &&
           interval_ns_.load(std::memory_order_relaxed) == period_ns();
  }
  uint64_t missed() const { return missed_.load(std::memory_order_relaxed); }

 private:
  struct Timer {
    int32_t thread_id;
    timer_t timer;
  };
  void add_locked(int32_t thread_id);
  bool has_locked(int32_t thread_id) const;

  const segment::TickClock clock_;
  std::atomic<int64_t> period_ns_{0};
  std::atomic<int64_t> interval_ns_{0};  // of the timers themselves
  std::atomic<int64_t> late_ns_{0};      // by which their signals come after them, in the mean
  std::atomic<uint64_t> missed_{0};      // threads beyond kThreadsMax, or refused by the kernel
  std::mutex mutex_;                     // guards all below
  int signal_ = 0;
  std::vector<Timer> timers_;  // by thread id
};

}  // namespace outrigger::profile
