#include "service/control.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/threads.h"
#include "health/beat.h"
#include "log/attach.h"
#include "metrics/table.h"
#include "outrigger/log.h"
#include "profile/cpu.h"
#include "profile/crash.h"
#include "profile/heap.h"
#include "profile/process.h"
#include "profile/waits.h"
#include "supervisor/channel.h"
#include "supervisor/crew.h"

namespace outrigger::service {
namespace {

constexpr std::array<int, 4> kHandled{SIGTERM, SIGINT, SIGHUP, SIGQUIT};
constexpr uint32_t kStopAsked = 1;  // a mark beside the signals' own, whose bits are their numbers

// What the signal handler may touch: nothing but these.
std::atomic<uint32_t> g_marks{0};
std::atomic<int> g_marks_bell{-1};
std::atomic<pid_t> g_own_pid{0};
std::atomic<Control*> g_control{nullptr};

void ring(int bell) {
  const uint64_t one = 1;
  // A full counter has been rung already; there is nobody to tell about anything else.
  [[maybe_unused]] const ssize_t written = write(bell, &one, sizeof one);
}

void silence(int bell) {
  uint64_t count;
  [[maybe_unused]] const ssize_t taken = read(bell, &count, sizeof count);
}

void on_signal(int signal) {
  const int saved_errno = errno;
  if (getpid() == g_own_pid.load(std::memory_order_relaxed)) {
    g_marks.fetch_or(1u << signal, std::memory_order_relaxed);
    ring(g_marks_bell.load(std::memory_order_relaxed));
  } else {
    // A child of fork() shares the bell, but the signal is meant for it alone.
    struct sigaction by_default = {};
    by_default.sa_handler = SIG_DFL;
    sigaction(signal, &by_default, nullptr);
    raise(signal);  // delivered when this handler returns
  }
  errno = saved_errno;
}

[[noreturn]] void die(std::string_view why, int status) {
  base::write_line(supervisor::crew().plain_err(), base::base_name(program_invocation_name), ": ",
                   why);
  _exit(status);
}

// Signals as they were when the supervisor was started; they were blocked until someone could take
// them.
void restore_signal_mask(uint64_t blocked) {
  sigset_t mask;
  sigemptyset(&mask);
  for (int signal = 1; signal <= 64; ++signal) {
    if ((blocked >> (signal - 1)) & 1) sigaddset(&mask, signal);
  }
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

}  // namespace

Control* Control::get() { return g_control.load(std::memory_order_acquire); }

void Control::start() {
  const supervisor::Crew& crew = supervisor::crew();
  const bool alone = crew.part == supervisor::Part::kAlone;
  auto* control = new Control(crew.card, alone);  // never destroyed: the thread uses it to the last
  if (alone) {
    control->card_.service_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    control->card_.keeper_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  }
  const int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (bell < 0)
    die("no descriptor for the control thread: " + std::string(base::error_text(errno)), 1);
  g_marks_bell = bell;
  g_own_pid = getpid();
  g_control.store(control, std::memory_order_release);
  try {
    base::start_thread("or-control", [control] {
      // All were blocked until now, and with them the one by which this thread is sampled.
      const sigset_t blocked = base::foreign_signals();
      pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
      control->run();
    }).detach();  // tidy: detach because it lives as long as the process
  } catch (const std::exception& thrown) {
    die(std::string("no control thread: ") + thrown.what(), 1);
  }
  control->install_handlers();
  if (!alone) restore_signal_mask(crew.card.signal_mask);
}

void Control::install_handlers() {
  for (const int signal : kHandled) {
    struct sigaction before;
    // What was ignored when the program was started stays ignored: nohup, shells' background jobs.
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
  }
}

void Control::give_back(int signal) {
  struct sigaction now;
  if (sigaction(signal, nullptr, &now) != 0 || now.sa_handler != on_signal) return;
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;
  sigaction(signal, &by_default, nullptr);
}

void Control::say(segment::Word word, int32_t value, int32_t more) const {
  if (card_.channel >= 0) supervisor::say(card_.channel, word, value, more);
}

void Control::ring_keeper() const { ring(card_.keeper_bell); }

void Control::stop() {
  g_marks.fetch_or(kStopAsked, std::memory_order_relaxed);
  ring(g_marks_bell.load(std::memory_order_relaxed));
}

void Control::set_stop_budget(milliseconds budget) {
  stop_budget_ms_.store(budget.count(), std::memory_order_relaxed);
}

void Control::run() {
  for (;;) {
    std::array<pollfd, 3> waits{{{g_marks_bell.load(std::memory_order_relaxed), POLLIN, 0},
                                 {card_.service_bell, POLLIN, 0},
                                 {orphaned_ ? -1 : card_.channel, POLLIN, 0}}};
    const int deadline_ms = watch_deadline();
    const int look_ms = profile::look();
    const bool look_first = look_ms >= 0 && (deadline_ms < 0 || look_ms < deadline_ms);
    if (poll(waits.data(), waits.size(), look_first ? look_ms : deadline_ms) < 0) continue;
    if (waits[0].revents != 0) {
      silence(waits[0].fd);
      take_marks();
    }
    if (waits[1].revents != 0) {
      silence(waits[1].fd);
      apply_level();
    }
    if (waits[2].revents != 0) hear_words();
  }
}

void Control::hear_words() {
  segment::Message message;
  for (;;) {
    switch (supervisor::hear(card_.channel, message, nullptr)) {
      case supervisor::Heard::kNothing: return;
      case supervisor::Heard::kClosed: return orphaned();
      case supervisor::Heard::kWord: break;
    }
    if (message.word == segment::Word::kDrain) drain(milliseconds(message.value));
    if (message.word == segment::Word::kHurry) life().hurry();
    if (message.word == segment::Word::kStacks) log_threads();
  }
}

// What the handler left behind.
void Control::take_marks() {
  const uint32_t marks = g_marks.exchange(0, std::memory_order_relaxed);
  for (const int signal : kHandled) {
    if (((marks >> signal) & 1) == 0) continue;
    if (!alone_) {
      say(segment::Word::kSignalled, signal);
    } else if (signal == SIGQUIT) {
      log_threads();
    } else if (drain_began_ == Clock::time_point{}) {
      drain(milliseconds(stop_budget_ms_.load(std::memory_order_relaxed)));
    } else if (Clock::now() - drain_began_ >= kSameSignal) {
      life().hurry();
    }
  }
  if ((marks & kStopAsked) != 0 && drain_began_ == Clock::time_point{}) {
    say(segment::Word::kDrainBegan);
    drain(milliseconds(stop_budget_ms_.load(std::memory_order_relaxed)));
  }
}

void Control::drain(milliseconds budget) {
  if (!life().drain(budget))
    _exit(128 + SIGTERM);  // run() has not begun: there is nothing to finish
  if (drain_began_ != Clock::time_point{}) return;
  drain_began_ = Clock::now();
  if (alone_) {
    // The supervisor's part, where there is none: an end that does not come is made.
    last_moment_ = drain_began_ + budget;
    last_status_ = 128 + SIGKILL;
  }
}

void Control::orphaned() {
  orphaned_ = true;  // the descriptor stays: other threads may be about to speak into it
  if (!life().drain(kOrphanedBudget)) _exit(1);
  life().hurry();
  last_moment_ = Clock::now() + kOrphanedBudget;
  last_status_ = 1;
}

int Control::watch_deadline() {
  if (last_moment_ == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(last_moment_ - Clock::now()).count();
  if (left <= 0) die("did not end within its stop budget", last_status_);
  return static_cast<int>(left);
}

void Control::apply_level() {
  const segment::Control& control = segment::View(supervisor::crew().segment).control();
  // Acquire: pairs with the keeper's release after it set the level.
  const uint32_t version = control.level_version.load(std::memory_order_acquire);
  if (version == level_version_) return;
  level_version_ = version;
  log::set_level_number(control.level.load(std::memory_order_relaxed));
  log::take_module_levels();
}

}  // namespace outrigger::service

// The early role choice calls this ahead of every constructor of the user (supervisor/crew.h).
extern "C" void outrigger_service_born() {
  const outrigger::segment::View view(outrigger::supervisor::crew().segment);
  outrigger::metrics::attach(view);
  outrigger::health::attach(view);
  outrigger::profile::attach_process(view);
  if (&outrigger_heap_hooks != nullptr)
    view.service().heap_hooked.store(1, std::memory_order_relaxed);
  if (&outrigger_wait_hooks != nullptr)
    view.service().wait_hooked.store(1, std::memory_order_relaxed);
  outrigger::service::life().attach(view);
  outrigger::service::Control::start();
  const int keeper_bell = outrigger::service::Control::get()->card().keeper_bell;
  outrigger::log::set_keeper_bell(keeper_bell);
  outrigger::profile::watch_for_crashes(keeper_bell);
}
