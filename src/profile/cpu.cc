#include "profile/cpu.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "outrigger/profile.h"
#include "profile/copy.h"
#include "profile/process.h"
#include "profile/timers.h"

namespace outrigger::profile {
namespace {

using segment::SampleKind;
using segment::SampleRefusal;
using segment::SampleShare;

constexpr int kSignal = SIGPROF;
constexpr int kStackAsked = 0x0571ac;  // rides along with a signal that asks for a stack

// Wall ticks of all threads together, in a second: more would keep the keeper busy.
constexpr uint32_t kWallTicksMax = 2000;

// Written by the control thread; handlers and starting threads read.
struct Clock {
  std::atomic<uint32_t> round{0};    // of its ticks; 0 while there are none
  std::atomic<bool> for_new{false};  // threads that start get timers at once
  Timers* timers = nullptr;          // never destroyed: threads end after static objects do
  // The control thread's.
  uint32_t rounds = 0;
  uint32_t hz = 0;  // as it was asked for
};
struct Profiler {
  Clock clocks[segment::kTickClocks];
  // The control thread's.
  uint32_t seen = 0;
  uint32_t stacks_seen = 0;
  pid_t tracer = 0;
  bool record_only = false;
};
constinit Profiler g_profiler;

struct OwnClock {
  uint32_t round = 0;
  uint64_t at_ns = 0;   // on this clock, at the last sample of that round
  uint64_t due_ns = 0;  // when the next one is due
  bool behind = false;  // so the timer is set to the next tick
};
struct OwnThread {
  bool excluded = false;
  OwnClock clocks[segment::kTickClocks];
};
constinit thread_local OwnThread t_own;

constexpr auto kWall = static_cast<size_t>(segment::TickClock::kWall);

int32_t own_thread_id() { return static_cast<int32_t>(syscall(SYS_gettid)); }

timespec as_timespec(uint64_t ns) {
  constexpr auto kSecond = static_cast<uint64_t>(base::kNsPerSecond);
  return {static_cast<time_t>(ns / kSecond), static_cast<long>(ns % kSecond)};
}

// A thread that shares its processor may meet no tick of the kernel for longer than a period: of the
// times that the timer was due meanwhile only one becomes a signal. What is missing is made up for at
// the ticks that come next, so that the rate is what was asked for.
void keep_rate(OwnClock& own, uint64_t now_ns, uint64_t period_ns, int timer) {
  constexpr uint64_t kPeriodsBehindMax = 8;
  own.due_ns += period_ns;
  if (own.due_ns > now_ns && !own.behind) return;
  own.due_ns = std::max(own.due_ns, now_ns - std::min(now_ns, kPeriodsBehindMax * period_ns));
  own.behind = own.due_ns <= now_ns;
  // A time that has passed would be due at once, not at the next tick.
  const itimerspec times{as_timespec(period_ns),
                         own.behind ? timespec{0, 1} : as_timespec(own.due_ns)};
  syscall(SYS_timer_settime, timer, own.behind ? 0 : TIMER_ABSTIME, &times, nullptr);
}

uint64_t weight_of_sample(size_t which, uint32_t round, int timer) {
  const auto now_ns = static_cast<uint64_t>(
      base::clock_ns(which == kWall ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID));
  OwnClock& own = t_own.clocks[which];
  const Timers& timers = *g_profiler.clocks[which].timers;
  const auto period_ns = static_cast<uint64_t>(timers.period_ns());
  const bool is_first = own.round != round;
  // The first tick came at a random part of a period: it stands for a whole one.
  const uint64_t weight = is_first ? period_ns : now_ns - own.at_ns;
  if (is_first) own = {round, now_ns, now_ns + period_ns, false};
  else if (timers.may_fall_behind()) keep_rate(own, now_ns, period_ns, timer);
  own.at_ns = now_ns;
  return weight;
}

void take_tick(size_t which, int timer, const void* context) {
  if (which >= segment::kTickClocks || t_own.excluded) return;
  // Acquire: pairs with begin()'s release; what the round needs is there.
  const uint32_t round = g_profiler.clocks[which].round.load(std::memory_order_acquire);
  if (round == 0) return;
  Copy copy{which == kWall ? SampleKind::kWall : SampleKind::kCpu};
  copy.weight_ns = weight_of_sample(which, round, timer);
  if (!copy_sample(copy, context))
    segment::samples(g_process.view).dropped.fetch_add(1, std::memory_order_relaxed);
}

void on_signal(int, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (!is_own_process()) {
    // A child of fork(): the segment is not mapped here.
  } else if (info->si_code == SI_TIMER) {
    take_tick(static_cast<size_t>(info->si_value.sival_int), info->si_timerid, context);
  } else if (info->si_code == SI_QUEUE && info->si_pid == g_process.pid &&
             info->si_value.sival_int == kStackAsked) {
    copy_sample({SampleKind::kStack}, context);
  }
  errno = saved_errno;
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_signal;
}

// Stays for good once it is there: a tick that is late must not meet the default, which ends the
// process.
bool take_signal() {
  struct sigaction now;
  if (sigaction(kSignal, nullptr, &now) != 0) return false;
  if (is_ours(now)) return true;
  if ((now.sa_flags & SA_SIGINFO) != 0 || (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN))
    return false;
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  return sigaction(kSignal, &action, nullptr) == 0;
}

void end_ticks(Clock& clock) {
  if (clock.hz == 0) return;
  clock.hz = 0;
  clock.timers->end();
  clock.round.store(0, std::memory_order_release);
}

SampleRefusal begin_ticks(size_t which, uint32_t hz) {
  if (!take_signal()) return SampleRefusal::kSignalTaken;
  Clock& clock = g_profiler.clocks[which];
  if (clock.timers == nullptr) clock.timers = new Timers(static_cast<segment::TickClock>(which));
  if (++clock.rounds == 0) ++clock.rounds;
  clock.hz = hz;
  if (which == kWall) {
    const auto threads = static_cast<uint32_t>(threads_now().size());
    hz = std::min(hz, std::max(1u, kWallTicksMax / std::max(1u, threads)));
  }
  clock.round.store(clock.rounds, std::memory_order_release);
  if (clock.timers->begin(hz, kSignal)) return SampleRefusal::kNone;
  end_ticks(clock);
  return SampleRefusal::kNoTimers;
}

// A handler that the program has put there meanwhile must not see our ticks.
bool has_signal() {
  struct sigaction now;
  return sigaction(kSignal, nullptr, &now) == 0 && is_ours(now);
}

// Yama lets a process be traced by its ancestors and by whom it names (prctl(2), PR_SET_PTRACER).
void let_keeper_trace() {
  const pid_t keeper = g_process.view.supervision().keeper_pid.load(std::memory_order_relaxed);
  if (keeper == g_profiler.tracer || keeper <= 1) return;
  g_profiler.tracer = keeper;
  prctl(PR_SET_PTRACER, static_cast<unsigned long>(keeper), 0, 0, 0);
}

// Tells each thread to copy its stack; the control thread's own comes too.
SampleRefusal send_for_stacks(SampleShare& share) {
  if (!take_signal()) return SampleRefusal::kSignalTaken;
  siginfo_t info{};
  info.si_signo = kSignal;
  info.si_code = SI_QUEUE;
  info.si_pid = g_process.pid;
  info.si_uid = getuid();
  info.si_value.sival_int = kStackAsked;
  uint32_t sent = 0;
  for (const int32_t thread : threads_now())
    sent += syscall(SYS_rt_tgsigqueueinfo, g_process.pid, thread, kSignal, &info) == 0;
  share.stacks_sent.store(sent, std::memory_order_relaxed);
  return SampleRefusal::kNone;
}

SampleRefusal take_up(const SampleShare& share) {
  SampleRefusal refusal = SampleRefusal::kNone;
  for (size_t which = 0; which < segment::kTickClocks; ++which) {
    Clock& clock = g_profiler.clocks[which];
    const uint32_t hz =
        std::min(share.hz[which].load(std::memory_order_relaxed), segment::kSampleHzMax);
    if (hz != clock.hz) {
      end_ticks(clock);
      const SampleRefusal refused = hz != 0 ? begin_ticks(which, hz) : SampleRefusal::kNone;
      if (refused != SampleRefusal::kNone) refusal = refused;
    }
    clock.for_new.store(which == kWall || !g_profiler.record_only, std::memory_order_relaxed);
  }
  return refusal;
}

// Until the next look; -1 when there are no ticks.
int next_look_ms() {
  if (g_profiler.clocks[kWall].hz != 0) return kLookAgainMs;
  if (g_profiler.clocks[0].hz == 0) return -1;
  return g_profiler.record_only ? kRecordLookMs : kLookAgainMs;
}

}  // namespace

int look() {
  if (!g_process.view) return -1;
  let_keeper_trace();
  SampleShare& share = segment::samples(g_process.view);
  // Acquire: pairs with the keeper's release; what it asks for is there.
  const uint32_t asked = share.asked.load(std::memory_order_acquire);
  if (asked != g_profiler.seen) {
    if (!is_own_process()) return -1;
    g_profiler.seen = asked;
    g_profiler.record_only = share.record_only.load(std::memory_order_relaxed) != 0;
    SampleRefusal refusal = take_up(share);
    const uint32_t stacks = share.stacks.load(std::memory_order_relaxed);
    if (stacks != g_profiler.stacks_seen) {
      g_profiler.stacks_seen = stacks;
      refusal = send_for_stacks(share);
    }
    share.refusal.store(static_cast<uint32_t>(refusal), std::memory_order_relaxed);
    share.applied.store(asked, std::memory_order_release);
    return next_look_ms();
  }
  uint64_t missed = 0;
  for (Clock& clock : g_profiler.clocks) {
    if (clock.hz == 0) continue;
    if (!has_signal()) {
      end_ticks(clock);
      share.refusal.store(static_cast<uint32_t>(SampleRefusal::kSignalTaken),
                          std::memory_order_relaxed);
      continue;
    }
    clock.timers->look_for_threads();
    missed += clock.timers->missed();
  }
  share.threads_missed.store(missed, std::memory_order_relaxed);
  return next_look_ms();
}

void thread_begins() noexcept {
  for (Clock& clock : g_profiler.clocks) {
    if (clock.round.load(std::memory_order_acquire) == 0 ||
        !clock.for_new.load(std::memory_order_relaxed) || !is_own_process())
      continue;
    try {
      clock.timers->add_own(own_thread_id());
    } catch (...) {
      // No memory for one more: the next look may have some.
    }
  }
}

void thread_ends() noexcept {
  for (Clock& clock : g_profiler.clocks) {
    if (clock.round.load(std::memory_order_acquire) == 0 || !is_own_process()) continue;
    clock.timers->remove_own(own_thread_id());
  }
}

void exclude_thread() noexcept { t_own.excluded = true; }

void set_record_rate(unsigned hz) noexcept {
  if (is_own_process()) segment::set_record_hz(segment::samples(g_process.view), hz);
}

}  // namespace outrigger::profile
