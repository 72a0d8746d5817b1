#include "profile/timers.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/clock.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace outrigger::profile {
namespace {

// A thread's CPU clock by its number, as the kernel encodes it (clock_getres(2), "dynamic clocks";
// glibc's pthread_getcpuclockid makes the same number).
clockid_t cpu_clock_of(int32_t thread_id) {
  return static_cast<clockid_t>(~static_cast<uint32_t>(thread_id) << 3 | 6);
}

int64_t random_below(int64_t bound, int32_t thread_id) {
  uint64_t mixed = base::ticks() ^ static_cast<uint64_t>(thread_id) << 32;
  mixed = (mixed ^ mixed >> 31) * 0x9e3779b97f4a7c15ULL;
  mixed ^= mixed >> 29;
  return static_cast<int64_t>(mixed % static_cast<uint64_t>(bound));
}

// The kernel looks at timers on CPU clocks when its own tick meets the thread (1/CONFIG_HZ, which is
// the resolution of its coarse clocks).
int64_t kernel_tick_ns() {
  timespec tick{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0) return 0;
  return tick.tv_sec * base::kNsPerSecond + tick.tv_nsec;
}

// Where each tick is to give a sample, a timer that is due as often as ticks come would miss those
// that come early, or behind another thread that had part of the time: two of its times then lie
// before one tick, and count once. One that is due far more often has none to miss.
constexpr int64_t kPartsOfTick = 64;

timespec as_timespec(int64_t ns) {
  return {ns / base::kNsPerSecond, static_cast<long>(ns % base::kNsPerSecond)};
}

}  // namespace

std::vector<int32_t> threads_now() {
  std::vector<int32_t> threads;
  DIR* const directory = opendir("/proc/self/task");
  if (directory == nullptr) return threads;
  while (const dirent* entry = readdir(directory)) {
    int32_t number = 0;
    const char* const name = entry->d_name;
    if (std::from_chars(name, name + strlen(name), number).ec == std::errc())
      threads.push_back(number);
  }
  closedir(directory);
  std::sort(threads.begin(), threads.end());
  return threads;
}

bool Timers::begin(uint32_t hz, int signal) {
  {
    const std::lock_guard lock(mutex_);
    signal_ = signal;
    const int64_t asked_ns = base::kNsPerSecond / hz;
    const int64_t tick_ns = clock_ == segment::TickClock::kCpu ? kernel_tick_ns() : 0;
    const bool each_tick = asked_ns <= tick_ns;
    interval_ns_.store(each_tick ? std::min(asked_ns, tick_ns / kPartsOfTick) : asked_ns,
                       std::memory_order_relaxed);
    late_ns_.store(each_tick ? tick_ns : tick_ns / 2, std::memory_order_relaxed);
    // Release: a thread that sees the period sees the rest.
    period_ns_.store(std::max(asked_ns, tick_ns), std::memory_order_release);
  }
  look_for_threads();
  const std::lock_guard lock(mutex_);
  return !timers_.empty();
}

void Timers::end() {
  const std::lock_guard lock(mutex_);
  period_ns_.store(0, std::memory_order_release);
  for (const Timer& each : timers_) timer_delete(each.timer);
  timers_.clear();
}

bool Timers::has_locked(int32_t thread_id) const {
  const auto at = std::lower_bound(timers_.begin(), timers_.end(), thread_id,
                                   [](const Timer& a, int32_t b) { return a.thread_id < b; });
  return at != timers_.end() && at->thread_id == thread_id;
}

void Timers::add_locked(int32_t thread_id) {
  if (has_locked(thread_id)) return;
  if (timers_.size() >= kThreadsMax) {
    missed_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_notify_thread_id = thread_id;
  event.sigev_signo = signal_;
  event.sigev_value.sival_int = static_cast<int>(clock_);
  timer_t timer;
  const clockid_t clock =
      clock_ == segment::TickClock::kCpu ? cpu_clock_of(thread_id) : CLOCK_MONOTONIC;
  if (timer_create(clock, &event, &timer) != 0) {
    if (errno != EINVAL) missed_.fetch_add(1, std::memory_order_relaxed);  // EINVAL: has ended
    return;
  }
  // A first signal at a random part of the period, less the time that it will be late: a thread that
  // lives for less than a period is then met as often as its share of the time says.
  const int64_t first_ns = random_below(period_ns_.load(std::memory_order_relaxed), thread_id) -
                           late_ns_.load(std::memory_order_relaxed);
  const itimerspec times{as_timespec(interval_ns_.load(std::memory_order_relaxed)),
                         as_timespec(std::max<int64_t>(1, first_ns))};
  timer_settime(timer, 0, &times, nullptr);
  const auto at = std::lower_bound(timers_.begin(), timers_.end(), thread_id,
                                   [](const Timer& a, int32_t b) { return a.thread_id < b; });
  timers_.insert(at, {thread_id, timer});
}

void Timers::add_own(int32_t thread_id) {
  const std::lock_guard lock(mutex_);
  if (period_ns_.load(std::memory_order_relaxed) != 0) add_locked(thread_id);
}

void Timers::remove_own(int32_t thread_id) {
  const std::lock_guard lock(mutex_);
  const auto at = std::lower_bound(timers_.begin(), timers_.end(), thread_id,
                                   [](const Timer& a, int32_t b) { return a.thread_id < b; });
  if (at == timers_.end() || at->thread_id != thread_id) return;
  timer_delete(at->timer);
  timers_.erase(at);
}

void Timers::look_for_threads() {
  const std::vector<int32_t> threads = threads_now();
  const std::lock_guard lock(mutex_);
  if (period_ns_.load(std::memory_order_relaxed) == 0) return;
  std::erase_if(timers_, [&](const Timer& each) {
    // One that gave itself a timer after the list was made is found again at the next look.
    if (std::binary_search(threads.begin(), threads.end(), each.thread_id)) return false;
    timer_delete(each.timer);
    return true;
  });
  for (const int32_t thread : threads) add_locked(thread);
}

}  // namespace outrigger::profile
