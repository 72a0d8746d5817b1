#include "profile/cpu.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

// Written by attach() and the control thread; handlers and starting threads read.
struct Profiler {
  std::atomic<uint32_t> round{0};  // of CPU profiles; 0 while none is being taken
  Timers* timers = nullptr;        // never destroyed: threads end after static objects do
  // The control thread's.
  uint32_t rounds = 0;
  uint32_t hz = 0;
  uint32_t seen = 0;
  uint32_t stacks_seen = 0;
  pid_t tracer = 0;
};
constinit Profiler g_profiler;

struct OwnThread {
  uint32_t round = 0;
  bool excluded = false;
  uint64_t cpu_ns = 0;  // at the last sample of that round
};
constinit thread_local OwnThread t_own;

int32_t own_thread_id() { return static_cast<int32_t>(syscall(SYS_gettid)); }

uint64_t weight_of_sample(uint32_t round) {
  const auto now_ns = static_cast<uint64_t>(base::clock_ns(CLOCK_THREAD_CPUTIME_ID));
  const auto period_ns = static_cast<uint64_t>(g_profiler.timers->period_ns());
  // The first tick came at a random part of a period: it stands for a whole one.
  const uint64_t weight = t_own.round == round ? now_ns - t_own.cpu_ns : period_ns;
  t_own.round = round;
  t_own.cpu_ns = now_ns;
  return weight;
}

void on_signal(int, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  // Acquire: pairs with begin()'s release; what the round needs is there.
  const uint32_t round = g_profiler.round.load(std::memory_order_acquire);
  Copy copy{SampleKind::kCpu};
  if (!is_own_process()) {
    // A child of fork(): the segment is not mapped here.
  } else if (info->si_code == SI_TIMER && round != 0 && !t_own.excluded) {
    copy.weight_ns = weight_of_sample(round);
    if (!copy_sample(copy, context))
      segment::samples(g_process.view).dropped.fetch_add(1, std::memory_order_relaxed);
  } else if (info->si_code == SI_QUEUE && info->si_pid == g_process.pid &&
             info->si_value.sival_int == kStackAsked) {
    copy.kind = SampleKind::kStack;
    copy_sample(copy, context);
  }
  errno = saved_errno;
}

// Stays for good once it is there: a tick that is late must not meet the default, which ends the
// process.
bool take_signal() {
  struct sigaction now;
  if (sigaction(kSignal, nullptr, &now) != 0) return false;
  if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_signal) return true;
  if ((now.sa_flags & SA_SIGINFO) != 0 || (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN))
    return false;
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  return sigaction(kSignal, &action, nullptr) == 0;
}

void end_cpu() {
  if (g_profiler.hz == 0) return;
  g_profiler.hz = 0;
  g_profiler.timers->end();
  g_profiler.round.store(0, std::memory_order_release);
}

SampleRefusal begin_cpu(uint32_t hz) {
  if (!take_signal()) return SampleRefusal::kSignalTaken;
  if (g_profiler.timers == nullptr) g_profiler.timers = new Timers;
  if (++g_profiler.rounds == 0) ++g_profiler.rounds;
  g_profiler.hz = hz;
  g_profiler.round.store(g_profiler.rounds, std::memory_order_release);
  if (g_profiler.timers->begin(hz, kSignal)) return SampleRefusal::kNone;
  end_cpu();
  return SampleRefusal::kNoTimers;
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
    const uint32_t hz =
        std::min(share.cpu_hz.load(std::memory_order_relaxed), segment::kSampleHzMax);
    SampleRefusal refusal = SampleRefusal::kNone;
    if (hz != g_profiler.hz) {
      end_cpu();
      if (hz != 0) refusal = begin_cpu(hz);
    }
    const uint32_t stacks = share.stacks.load(std::memory_order_relaxed);
    if (stacks != g_profiler.stacks_seen) {
      g_profiler.stacks_seen = stacks;
      refusal = send_for_stacks(share);
    }
    share.refusal.store(static_cast<uint32_t>(refusal), std::memory_order_relaxed);
    share.applied.store(asked, std::memory_order_release);
  } else if (g_profiler.hz != 0) {
    g_profiler.timers->look_for_threads();
    share.threads_missed.store(g_profiler.timers->missed(), std::memory_order_relaxed);
  }
  return g_profiler.hz != 0 ? kLookAgainMs : -1;
}

void thread_begins() noexcept {
  if (g_profiler.round.load(std::memory_order_acquire) == 0 || !is_own_process()) return;
  try {
    g_profiler.timers->add_own(own_thread_id());
  } catch (...) {
    // No memory for one more: the next look may have some.
  }
}

void thread_ends() noexcept {
  if (g_profiler.round.load(std::memory_order_acquire) == 0 || !is_own_process()) return;
  g_profiler.timers->remove_own(own_thread_id());
}

void exclude_thread() noexcept { t_own.excluded = true; }

}  // namespace outrigger::profile
