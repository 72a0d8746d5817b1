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

// A first tick at a random place of the period: a thread that lives for less than a period is then
// met as often as its share of the time says.
int64_t random_part_of(int64_t period_ns, int32_t thread_id) {
  uint64_t mixed = base::ticks() ^ static_cast<uint64_t>(thread_id) << 32;
  mixed = (mixed ^ mixed >> 31) * 0x9e3779b97f4a7c15ULL;
  mixed ^= mixed >> 29;
  return 1 + static_cast<int64_t>(mixed % static_cast<uint64_t>(period_ns));
}

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
    // Release: a thread that sees the period sees the signal's number.
    period_ns_.store(base::kNsPerSecond / hz, std::memory_order_release);
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
  const int64_t period_ns = period_ns_.load(std::memory_order_relaxed);
  const itimerspec times{as_timespec(period_ns), as_timespec(random_part_of(period_ns, thread_id))};
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
