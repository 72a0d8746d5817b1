// The control thread: what reaches the service from outside, by signal, by the supervisor's words
// or by the keeper's bell. It begins before main() (outrigger_service_born) and lives as long as
// the process.
//
// Stop signals are never acted on where they arrive: a handler leaves a mark, this thread tells the
// supervisor, and the supervisor's one word starts the drain. Without a supervisor (--in-process)
// the thread decides by itself.
#pragma once

#include <atomic>
#include <cstdint>

#include "segment/role.h"
#include "service/lifecycle.h"

namespace outrigger::service {

// Signals that come within this time of the first are the same request.
inline constexpr milliseconds kSameSignal{200};
// What is left when the supervisor is gone.
inline constexpr milliseconds kOrphanedBudget{5000};

class Control {
 public:
  // Takes the card's place in the crew: part kService or kAlone. Installs the handlers, starts the
  // thread.
  static void start();
  // nullptr where start() was not called.
  static Control* get();

  // To the supervisor, if there is one. Any thread.
  void say(segment::Word word, int32_t value = 0, int32_t more = 0) const;
  void ring_keeper() const;

  // Begins the drain as if a signal had come. Any thread.
  void stop();

  // The signal means again what it meant without us, if the program has not taken it over anyway.
  // Any thread.
  void give_back(int signal);

  // For --in-process: its own stop budget, since no supervisor says it.
  void set_stop_budget(milliseconds budget);

  // With the bells that keeper and service ring; for kAlone they are made here.
  const segment::RoleCard& card() const { return card_; }

 private:
  explicit Control(const segment::RoleCard& card, bool alone) : card_(card), alone_(alone) {}

  void install_handlers();
  void run();
  void hear_words();
  void take_marks();
  void apply_level();
  void drain(milliseconds budget);
  void orphaned();
  // How long poll() may sleep; acts when the time is up.
  int watch_deadline();

  segment::RoleCard card_;
  const bool alone_;
  std::atomic<int64_t> stop_budget_ms_{25'000};
  // The control thread's own.
  uint32_t level_version_ = 0;
  bool orphaned_ = false;
  Clock::time_point drain_began_{};
  Clock::time_point last_moment_ =
      Clock::time_point::max();  // then the process ends, whatever it is doing
  int last_status_ = 0;
};

// One log entry a thread: number, name, state.
void log_threads();

}  // namespace outrigger::service
