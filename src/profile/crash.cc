#include "profile/crash.h"

#include <cxxabi.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "base/clock.h"
#include "profile/alternate_stack.h"
#include "profile/process.h"
#include "segment/crash.h"
#include "segment/registers.h"

// Of a program that is built with a sanitizer, whatever this file was built with.
extern "C" {
[[gnu::weak]] void __asan_init();
[[gnu::weak]] void __tsan_init();
[[gnu::weak]] void __hwasan_init();
}

namespace outrigger::profile {
namespace {

using segment::CrashPage;
using segment::CrashState;
using segment::CrashWatch;

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr int64_t kPatienceNs = 2 * base::kNsPerSecond;
// A thread that crashes while another one's crash is being reported.
constexpr int64_t kSecondPatienceNs = kPatienceNs + base::kNsPerSecond;

// Written by watch_for_crashes() and chain_crash_handlers(); handlers read.
struct Watch {
  int bell = -1;
  std::array<struct sigaction, kSignals.size()> before;  // what is to come after the report
  std::terminate_handler terminate_before = nullptr;
  std::atomic<pid_t> terminating{0};  // the thread, once there is one
};
Watch g_watch;

segment::ServiceState& shown() { return g_process.view.service(); }

bool is_sanitized() {
  return &__asan_init != nullptr || &__tsan_init != nullptr || &__hwasan_init != nullptr;
}

void copy_text(const char* from, char* to, size_t size) {
  size_t at = 0;
  for (; from != nullptr && from[at] != '\0' && at + 1 < size; ++at) to[at] = from[at];
  to[at] = '\0';
}

void futex_wait(std::atomic<uint32_t>& word, int64_t longest_ns) {
  const timespec time{longest_ns / base::kNsPerSecond, longest_ns % base::kNsPerSecond};
  syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, nullptr, 0);
}

void wait_for_answer(int64_t patience_ns) {
  std::atomic<uint32_t>& answered = g_process.view.control().crash_answered;
  const int64_t until_ns = base::monotonic_ns() + patience_ns;
  // Acquire: pairs with the keeper's release; it is done with this process.
  while (answered.load(std::memory_order_acquire) == 0) {
    const int64_t left_ns = until_ns - base::monotonic_ns();
    if (left_ns <= 0) return;
    futex_wait(answered, left_ns);
  }
}

void hand_over(int signal, const siginfo_t& info, const ucontext_t& context) {
  auto none = static_cast<uint32_t>(CrashState::kNone);
  if (!shown().crash_state.compare_exchange_strong(
          none, static_cast<uint32_t>(CrashState::kWriting), std::memory_order_acq_rel)) {
    if (none != static_cast<uint32_t>(CrashState::kDone)) wait_for_answer(kSecondPatienceNs);
    return;
  }
  CrashPage& page = segment::crash_page(g_process.view);
  page.thread_id = static_cast<int32_t>(syscall(SYS_gettid));
  page.signal = signal;
  page.code = info.si_code;
  page.address = info.si_code > 0 ? reinterpret_cast<uintptr_t>(info.si_addr) : 0;
  segment::copy_registers(context, page.registers);
  // abort() within a catch block, or where the program has a terminate handler of its own.
  if (signal == SIGABRT && page.exception[0] == '\0') {
    const std::type_info* const type = abi::__cxa_current_exception_type();
    if (type != nullptr) copy_text(type->name(), page.exception, sizeof(page.exception));
  }
  const int keeper = g_process.view.supervision().keeper_pid.load(std::memory_order_relaxed);
  if (keeper > 1) prctl(PR_SET_PTRACER, static_cast<unsigned long>(keeper), 0, 0, 0);
  // Release: pairs with the keeper's acquire; the page is filled.
  shown().crash_state.store(static_cast<uint32_t>(CrashState::kWaiting), std::memory_order_release);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = write(g_watch.bell, &one, sizeof(one));
  wait_for_answer(kPatienceNs);
  shown().crash_state.store(static_cast<uint32_t>(CrashState::kDone), std::memory_order_release);
}

// As the kernel would have called it.
void call(const struct sigaction& action, int signal, siginfo_t* info, void* context) {
  sigset_t mask = static_cast<ucontext_t*>(context)->uc_sigmask;
  sigorset(&mask, &mask, &action.sa_mask);
  if ((action.sa_flags & SA_NODEFER) == 0) sigaddset(&mask, signal);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    action.sa_sigaction(signal, info, context);
  } else {
    action.sa_handler(signal);
  }
}

void go_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction* before = nullptr;
  for (size_t i = 0; i < kSignals.size(); ++i)
    if (kSignals[i] == signal) before = &g_watch.before[i];
  const bool chained =
      before != nullptr && ((before->sa_flags & SA_SIGINFO) != 0 || before->sa_handler != SIG_DFL);
  if (chained) return call(*before, signal, info, context);
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;
  sigaction(signal, &by_default, nullptr);
  // A fault comes again when this returns; a signal that was sent has to be sent again.
  if (info->si_code <= 0) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
}

// All signals are blocked meanwhile, so that a fault in here ends the process at once.
void on_crash(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  // In a child of fork() the segment is not mapped.
  if (getpid() == g_process.pid) hand_over(signal, *info, *static_cast<const ucontext_t*>(context));
  errno = saved_errno;
  go_on(signal, info, context);
}

void leave_exception(CrashPage& page) {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) return;
  copy_text(type->name(), page.exception, sizeof(page.exception));
  try {
    throw;
  } catch (const std::exception& thrown) {
    copy_text(thrown.what(), page.what, sizeof(page.what));
  } catch (...) {
    return;  // the type is all there is
  }
}

[[noreturn]] void on_terminate() {
  if (getpid() == g_process.pid) {
    const auto self = static_cast<pid_t>(syscall(SYS_gettid));
    pid_t first = 0;
    if (g_watch.terminating.compare_exchange_strong(first, self)) {
      leave_exception(segment::crash_page(g_process.view));
    } else if (first != self) {
      // The page is another thread's, which may not have come to abort() yet. The same thread comes
      // here again when what() throws or terminates.
      wait_for_answer(kSecondPatienceNs);
    }
  }
  if (g_watch.terminate_before != nullptr) g_watch.terminate_before();
  std::abort();
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_crash;
}

// What is ignored stays so: there is nothing to report.
void take(size_t index) {
  struct sigaction now;
  if (sigaction(kSignals[index], nullptr, &now) != 0 || is_ours(now)) return;
  if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_IGN) return;
  g_watch.before[index] = now;
  struct sigaction action = {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  sigaction(kSignals[index], &action, nullptr);
}

void show(CrashWatch watch) {
  shown().crash_watch.store(static_cast<uint32_t>(watch), std::memory_order_relaxed);
}

}  // namespace

void watch_for_crashes(int keeper_bell) {
  if (is_sanitized()) return show(CrashWatch::kSanitizer);
  g_watch.bell = keeper_bell;
  main_stack_has_alternate();
  for (size_t i = 0; i < kSignals.size(); ++i) take(i);
  g_watch.terminate_before = std::set_terminate(on_terminate);
  show(CrashWatch::kWatching);
}

void chain_crash_handlers() {
  if (!g_process.view || is_sanitized()) return;
  for (size_t i = 0; i < kSignals.size(); ++i) take(i);
}

void look_at_crash_handlers() {
  if (!g_process.view || is_sanitized()) return;
  for (const int signal : kSignals) {
    struct sigaction now;
    const bool asked = sigaction(signal, nullptr, &now) == 0;
    const bool ignored = (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_IGN;
    if (asked && !ignored && !is_ours(now)) return show(CrashWatch::kReplaced);
  }
  show(CrashWatch::kWatching);
}

}  // namespace outrigger::profile
