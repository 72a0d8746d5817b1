#include "service/interrupts.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "base/threads.h"

namespace outrigger::service {
namespace {

constexpr int kSignals[2] = {SIGINT, SIGTERM};

// The handler's: lock-free atomics alone may be used there.
std::atomic<int> g_bell{-1};
std::atomic<int> g_signal{0};

void ring() {
  const uint64_t one = 1;
  (void)!write(g_bell.load(), &one, sizeof one);
}

void on_signal(int signal) {
  const int saved = errno;
  if (g_signal.exchange(signal) == 0) {
    ring();
  } else {
    ::signal(signal, SIG_DFL);
    raise(signal);  // delivered when this handler returns
  }
  errno = saved;
}

}  // namespace

Interrupts::Interrupts(Deadline deadline) : bell_(eventfd(0, EFD_CLOEXEC)) {
  g_signal = 0;
  g_bell = bell_.get();
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    // Who ignores it (nohup) or handles it already goes on to do so.
    if (before_[i].sa_handler == SIG_DFL) sigaction(kSignals[i], &action, nullptr);
  }
  waiting_ = base::start_thread("or-cancel", [this, deadline] { wait_until(deadline); });
}

Interrupts::~Interrupts() {
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  ring();
  waiting_.join();
  g_bell = -1;
}

int Interrupts::signal_that_came() const { return g_signal.load(); }

void Interrupts::wait_until(Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto longest = std::chrono::milliseconds(std::chrono::hours(1));
    pollfd bell{bell_.get(), POLLIN, 0};
    const auto wait = std::clamp(left, std::chrono::milliseconds(0), longest);
    const int rung = poll(&bell, 1, static_cast<int>(wait.count()));
    if (rung < 0 && errno == EINTR) continue;
    if (rung == 0 && left > longest) continue;
    break;
  }
  source_.request_stop();
}

}  // namespace outrigger::service
