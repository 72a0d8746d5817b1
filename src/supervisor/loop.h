// The supervisor's state and its one loop (supervisor.h has the picture). Single-threaded.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "base/text.h"
#include "segment/role.h"
#include "supervisor/environment.h"
#include "supervisor/keeper_watch.h"
#include "supervisor/listeners.h"
#include "supervisor/notify.h"
#include "supervisor/shared.h"
#include "supervisor/spawn.h"
#include "supervisor/stop_clock.h"

namespace outrigger::supervisor {

inline constexpr int64_t kKeeperEndNs = 5 * base::kNsPerSecond;  // after the service's end
inline constexpr int kWordsInOneTurn = 64;
inline constexpr int64_t kFirstBeatPollNs = 10 * base::kNsPerMs;
inline constexpr int64_t kReliefAfterNs = 2 * base::kNsPerSecond;
inline constexpr int64_t kReliefPollNs = 50 * base::kNsPerMs;
inline constexpr int64_t kBeatAgeMaxNs =
    5 * base::kNsPerSecond;  // of a service that the watchdog hears of

class Loop {
 public:
  // `signal_mask`: as the program was started with.
  Loop(const Invocation& invocation, const sigset_t& signal_mask);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Spawns the crew. Returns false when that is impossible; the reason is on stderr and nothing is
  // left running.
  bool start();
  // Until the crew has ended; returns the exit status.
  int run();

 private:
  struct Child {
    pid_t pid = -1;
    base::Fd pidfd;
    base::Fd channel;
    bool lives() const { return pid > 0; }
    void forget() { *this = Child{}; }
  };

  bool spawn_service();
  bool spawn_keeper();
  bool adopt(Child& child, const Launch& launch, base::Fd channel, std::atomic<int32_t>& told_pid);
  void cannot_spawn(std::string_view part);
  void let_go_of_the_start();  // what only the children need is closed here

  int64_t next_wake_ns() const;
  void wait_for_events(int64_t until_ns);
  void take_signals();
  void take_words(Child& child);
  void on_word(const Child& child, const segment::Message& message, base::Fd passenger);
  void ask_for_stacks();
  void on_stop_signal();
  void begin_drain();
  void on_start_failed(int status);

  void reap();
  void on_service_ended(int code, int status);
  void say_service_ended();
  void on_keeper_ended(int code, int status);
  void keeper_is_down();
  void start_keeper_again();

  void look_at_clock();
  void look_at_keeper();
  void look_at_keeper_faults();
  void feed_watchdog();
  bool service_beats() const;
  bool relief_is_due() const;
  void relieve();
  void kill_service();
  int finish();
  void report(std::string_view sentence);

  const Invocation& invocation_;
  const std::string_view name_;
  const uint64_t signal_mask_;
  Environment environment_;
  Shared shared_;
  base::Fd signals_;
  Child service_;
  Child keeper_;
  Listeners listeners_;
  Notifier notifier_;
  StopClock stop_;
  KeeperWatch watch_;

  int64_t now_ns_ = 0;  // CLOCK_MONOTONIC, at the turn's begin
  int64_t tick_at_ns_ = 0;
  int64_t watchdog_at_ns_ = 0;      // 0: none is wanted
  int64_t keeper_start_at_ns_ = 0;  // 0: no start is planned
  int64_t keeper_beat_at_ns_ = 0;   // when a beat was last seen
  int64_t finish_at_ns_ = 0;        // 0: the service lives
  int exit_status_ = -1;            // -1: the service's own
  bool keeper_gave_up_ = false;     // it said why; another one would say the same
  bool keeper_finished_ = false;
  uint64_t keeper_faults_ = 0;    // major ones, at the last tick that found it stuck
  bool keeper_is_paged_ = false;  // there were some since the tick before
  bool calls_refused_ = false;
  bool service_killed_ = false;
};

}  // namespace outrigger::supervisor
