#include "supervisor/loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/refused_calls.h"
#include "supervisor/channel.h"
#include "supervisor/process_info.h"
#include "supervisor/relief.h"
#include "supervisor/signals.h"

namespace outrigger::supervisor {

using segment::Word;

namespace {

void send_signal(const base::Fd& pidfd, int signal) {
  if (pidfd) syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

}  // namespace

int Loop::run() {
  tick_at_ns_ = base::monotonic_ns() + kTickNs;
  for (;;) {
    now_ns_ = base::monotonic_ns();
    look_at_clock();
    if (finish_at_ns_ != 0 && (keeper_finished_ || now_ns_ >= finish_at_ns_)) return finish();
    wait_for_events(next_wake_ns());
  }
}

// --- Events ------------------------------------------------------------------------------------

int64_t Loop::next_wake_ns() const {
  int64_t wake_ns = tick_at_ns_;
  const auto not_after = [&wake_ns](int64_t ns) {
    if (ns != 0) wake_ns = std::min(wake_ns, ns);
  };
  not_after(watchdog_at_ns_);
  not_after(keeper_start_at_ns_);
  not_after(finish_at_ns_);
  if (service_.lives() && !service_killed_) not_after(stop_.kill_at_ns());
  // A log call waits for no keeper that is down, so a new one's first beat is worth looking for.
  if (keeper_.lives() && watch_.is_young(now_ns_)) not_after(now_ns_ + kFirstBeatPollNs);
  if (relief_is_due()) not_after(now_ns_ + kReliefPollNs);
  return wake_ns;
}

void Loop::wait_for_events(int64_t until_ns) {
  // A descriptor of -1 is skipped by poll().
  pollfd events[] = {
      {signals_.get(), POLLIN, 0},        {service_.channel.get(), POLLIN, 0},
      {keeper_.channel.get(), POLLIN, 0}, {service_.pidfd.get(), POLLIN, 0},
      {keeper_.pidfd.get(), POLLIN, 0},
  };
  const int64_t wait_ns = std::max<int64_t>(until_ns - base::monotonic_ns(), 0);
  const timespec wait{wait_ns / base::kNsPerSecond, wait_ns % base::kNsPerSecond};
  if (ppoll(events, std::size(events), &wait, nullptr) <= 0) return;
  now_ns_ = base::monotonic_ns();
  if (events[1].revents != 0) take_words(service_);
  if (events[2].revents != 0) take_words(keeper_);
  if (events[0].revents != 0) take_signals();
  if (events[3].revents != 0 || events[4].revents != 0) reap();
}

void Loop::take_signals() {
  signalfd_siginfo infos[16];
  const ssize_t size = read(signals_.get(), infos, sizeof infos);
  for (ssize_t i = 0; i < size / static_cast<ssize_t>(sizeof infos[0]); ++i) {
    const int signal = static_cast<int>(infos[i].ssi_signo);
    switch (meaning_of(signal)) {
      case Meaning::kStop: on_stop_signal(); break;
      case Meaning::kStacks: ask_for_stacks(); break;
      case Meaning::kChild: reap(); break;
      case Meaning::kForward: send_signal(service_.pidfd, signal); break;
    }
  }
}

void Loop::take_words(Child& child) {
  segment::Message message;
  base::Fd passenger;
  // The rest waits for the next turn: a child that does nothing but speak keeps nobody from being
  // heard.
  for (int i = 0; i < kWordsInOneTurn; ++i) {
    // Only the keeper has descriptors to hand over.
    switch (hear(child.channel.get(), message, &child == &keeper_ ? &passenger : nullptr)) {
      case Heard::kWord: on_word(child, message, std::move(passenger)); break;
      case Heard::kClosed:
        child.channel.reset();  // its end is told by the pidfd
        return;
      case Heard::kNothing: return;
    }
  }
}

void Loop::on_word(const Child& child, const segment::Message& message, base::Fd passenger) {
  switch (message.word) {
    case Word::kSignalled:
      if (meaning_of(message.value) == Meaning::kStop) on_stop_signal();
      if (meaning_of(message.value) == Meaning::kStacks) ask_for_stacks();
      break;
    case Word::kReady:
      if (message.value > 0) stop_.set_budget_ms(message.value);
      notifier_.ready();
      break;
    case Word::kStartFailed:
      keeper_gave_up_ = keeper_gave_up_ || &child == &keeper_;
      on_start_failed(message.value);
      break;
    case Word::kListener:
      if (passenger) listeners_.keep(std::move(passenger));
      break;
    case Word::kDrainBegan:
      if (stop_.service_drains(now_ns_) == StopClock::Step::kDrain) begin_drain();
      break;
    default: break;  // what only the supervisor says, or nothing that this version knows
  }
}

// The keeper takes them from outside, also of a service that hangs. Without one the service tells what
// it knows of its threads.
void Loop::ask_for_stacks() {
  say((keeper_.lives() ? keeper_ : service_).channel.get(), Word::kStacks);
}

// --- The end -----------------------------------------------------------------------------------

void Loop::on_stop_signal() {
  switch (stop_.signalled(now_ns_)) {
    case StopClock::Step::kDrain:
      begin_drain();
      say(service_.channel.get(), Word::kDrain, static_cast<int32_t>(stop_.budget_ms()));
      break;
    case StopClock::Step::kHurry:
      say(service_.channel.get(), Word::kHurry);
      say(keeper_.channel.get(), Word::kHurry);
      break;
    case StopClock::Step::kNothing: break;
  }
}

void Loop::begin_drain() {
  shared_.view.supervision().drain_started_ns.store(stop_.began_ns(), std::memory_order_relaxed);
  say(keeper_.channel.get(), Word::kDrain, static_cast<int32_t>(stop_.budget_ms()));
  notifier_.stopping();
}

void Loop::on_start_failed(int status) {
  if (exit_status_ < 0) exit_status_ = status & 0xff;
  if (!stop_.draining()) on_stop_signal();
  if (stop_.hurrying()) return;
  stop_.end_at_once(now_ns_);
  say(service_.channel.get(), Word::kHurry);
  say(keeper_.channel.get(), Word::kHurry);
}

void Loop::reap() {
  for (;;) {
    siginfo_t info{};
    // As PID 1 of a container, strangers whose parents are gone come here too.
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
    if (info.si_pid == service_.pid) {
      take_words(service_);
      on_service_ended(info.si_code, info.si_status);
    } else if (info.si_pid == keeper_.pid) {
      take_words(keeper_);
      on_keeper_ended(info.si_code, info.si_status);
    }
  }
}

void Loop::on_service_ended(int code, int status) {
  service_.forget();
  segment::Supervision& told = shared_.view.supervision();
  told.service_code.store(code, std::memory_order_relaxed);
  told.service_status.store(status, std::memory_order_relaxed);
  // Release: pairs with the keeper's acquire; what the service wrote and how it ended are there to
  // be read.
  told.service_ended.store(1, std::memory_order_release);
  if (exit_status_ < 0) exit_status_ = code == CLD_EXITED ? status : 128 + status;
  finish_at_ns_ = now_ns_ + kKeeperEndNs;
  say_service_ended();
  if (!keeper_.lives()) {
    keeper_finished_ = keeper_gave_up_ || watch_.hopeless();
    keeper_start_at_ns_ = now_ns_;
  }
}

void Loop::say_service_ended() {
  const segment::Supervision& told = shared_.view.supervision();
  say(keeper_.channel.get(), Word::kServiceEnded,
      told.service_status.load(std::memory_order_relaxed),
      told.service_code.load(std::memory_order_relaxed));
}

void Loop::on_keeper_ended(int code, int status) {
  keeper_.forget();
  segment::Supervision& told = shared_.view.supervision();
  told.keeper_pid.store(0, std::memory_order_relaxed);
  told.keeper_last_code.store(code, std::memory_order_relaxed);
  told.keeper_last_status.store(status, std::memory_order_relaxed);
  const bool done = code == CLD_EXITED && status == 0 && finish_at_ns_ != 0;
  keeper_is_down();
  if (finish_at_ns_ != 0) keeper_finished_ = done || keeper_gave_up_ || watch_.hopeless();
}

void Loop::start_keeper_again() {
  // Counted first: the new keeper tells the number.
  std::atomic<uint32_t>& restarts = shared_.view.supervision().keeper_restarts;
  restarts.fetch_add(1, std::memory_order_relaxed);
  if (spawn_keeper()) return;
  restarts.fetch_sub(1, std::memory_order_relaxed);
  if (!watch_.failed()) cannot_spawn("keeper");
  keeper_is_down();
}

void Loop::keeper_is_down() {
  watch_.seen(shared_.view.control().keeper_beat_ns.load(std::memory_order_relaxed));
  shared_.view.supervision().keeper_stuck.store(1, std::memory_order_relaxed);
  const int64_t delay_ns = watch_.fell(now_ns_);
  keeper_start_at_ns_ = keeper_gave_up_ ? 0 : now_ns_ + delay_ns;
}

void Loop::kill_service() {
  if (service_killed_) return;
  service_killed_ = true;
  report("the service did not end in time and is killed");
  send_signal(service_.pidfd, SIGKILL);
}

int Loop::finish() {
  if (keeper_.lives()) {
    report("the keeper did not finish in time and is killed");
    send_signal(keeper_.pidfd, SIGKILL);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(keeper_.pid), &info, WEXITED);
  }
  relieve();
  return exit_status_;
}

// --- The clock ---------------------------------------------------------------------------------

void Loop::look_at_clock() {
  const int64_t kill_at_ns = stop_.kill_at_ns();
  if (service_.lives() && kill_at_ns != 0 && now_ns_ >= kill_at_ns) kill_service();
  if (keeper_start_at_ns_ != 0 && now_ns_ >= keeper_start_at_ns_ && !keeper_finished_) {
    keeper_start_at_ns_ = 0;
    start_keeper_again();
  }
  look_at_keeper();
  if (relief_is_due()) relieve();
  if (watchdog_at_ns_ != 0 && now_ns_ >= watchdog_at_ns_) feed_watchdog();
}

void Loop::look_at_keeper() {
  const bool tick = now_ns_ >= tick_at_ns_;
  if (tick) {
    // Not at the start, which has other things to do; a keeper that is started later has it too.
    if (!std::exchange(calls_refused_, true)) base::refuse_calls(base::Gives::kUpChanges);
    tick_at_ns_ = now_ns_ + kTickNs;
    notifier_.retry();
  }
  if (!keeper_.lives()) return;
  if (tick) watch_.tick();
  watch_.seen(shared_.view.control().keeper_beat_ns.load(std::memory_order_relaxed));
  const bool works = watch_.beats() && !watch_.stuck();
  if (works) keeper_beat_at_ns_ = now_ns_;
  // At its first start it is given the benefit of the doubt; afterwards it must show itself.
  if (works || watch_.stuck()) {
    shared_.view.supervision().keeper_stuck.store(works ? 0 : 1, std::memory_order_relaxed);
  }
  if (tick && watch_.stuck()) look_at_keeper_faults();
  if (!watch_.to_be_killed()) return;
  if (keeper_is_paged_ || is_traced(keeper_.pid)) {
    watch_.forgive();
  } else {
    send_signal(keeper_.pidfd, SIGKILL);
  }
}

// One that waits for its own code, which a group that is short of memory takes away again and again, is
// not killed: another would fare no better, and not know whose the live memory is.
void Loop::look_at_keeper_faults() {
  const uint64_t faults = major_faults(keeper_.pid);
  const uint64_t before = std::exchange(keeper_faults_, faults);
  keeper_is_paged_ = before != 0 && faults > before;
}

bool Loop::service_beats() const {
  const segment::ServiceState& state = shared_.view.service();
  for (const segment::Beat& beat : state.beats) {
    const int64_t last_ns = beat.last_ns.load(std::memory_order_relaxed);
    if (last_ns != 0 && now_ns_ - last_ns > kBeatAgeMaxNs) return false;
  }
  return true;
}

void Loop::feed_watchdog() {
  watchdog_at_ns_ = now_ns_ + notifier_.watchdog_interval_ns();
  if (!service_.lives() || service_beats() || is_traced(service_.pid)) notifier_.alive();
}

bool Loop::relief_is_due() const { return now_ns_ - keeper_beat_at_ns_ > kReliefAfterNs; }

void Loop::relieve() {
  pass_on(shared_.captured_out.get(), STDOUT_FILENO);
  pass_on(shared_.captured_err.get(), STDERR_FILENO);
}

void Loop::report(std::string_view sentence) {
  // A stalled terminal must not stall the supervisor.
  if (takes_bytes(STDERR_FILENO)) base::write_line(STDERR_FILENO, name_, ": ", sentence);
}

}  // namespace outrigger::supervisor
