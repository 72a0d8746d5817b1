// The service's state machine. One a process, since it begins before main().
//
//     born ── begin() ──► starting ── ready() ──► running ── drain() ──► draining ── exiting() ──►
//     exiting
//                             └──────────────── drain() ───────────────────▲
//
// drain() and hurry() come from the control thread, everything else from run() or adopt(). All may
// be called from any thread. Each step is shown in the segment, where the keeper's pages see it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "outrigger/service.h"
#include "segment/layout.h"

namespace outrigger::service {

using Phase = segment::ServicePhase;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Of a stop budget, what belongs to the flush: its last fifth, 5 s at most.
milliseconds flush_share(milliseconds stop_budget);

class Lifecycle {
 public:
  // Phases are shown in this segment from now on.
  void attach(segment::View view);

  // False when it is not "born" any more: run() begins once.
  bool begin();
  // Started. False when a drain began meanwhile.
  bool ready();
  void exiting();

  // The end is to come within `budget`, its flush share kept free. False when run() has not begun:
  // there is nothing to drain. Once only; a second call can bring the deadline nearer, never put it
  // off.
  bool drain(milliseconds budget);
  // A pause under way ends, and there is none from now on.
  void hurry();

  Phase phase() const;
  bool draining() const { return phase() >= Phase::kDraining; }
  // Running, and the gates that were set are open.
  bool is_ready() const;
  // Asked by is_ready(); empty: there are none. Must not ask anything of this object.
  void set_gates(std::function<bool()> are_open);

  // Until the phase is another, or `ending` (who sets it calls look_again() behind it), or the time
  // is up.
  void wait_for_phase_other_than(Phase phase, const std::atomic<bool>& ending, milliseconds time);
  // Until a drain begins.
  void wait_for_drain();
  // Sleeps; less when in a hurry or when the deadline is nearer.
  void pause(milliseconds time);
  // Until there is a hurry, or `done`; who sets `done` calls look_again() behind it.
  void wait_for_hurry(const std::atomic<bool>& done);
  void look_again();
  // By when the service's own work is to be done; far away while not draining.
  Deadline deadline() const;

  // Hooks of programs without a Service object at hand (on_start(), on_drain(), on_stop()).
  void add(internal::StartHook hook);
  void add(internal::DrainHook hook);
  void add(internal::StopHook hook);
  std::vector<internal::StartHook> start_hooks() const;
  std::vector<internal::DrainHook> drain_hooks() const;
  std::vector<internal::StopHook> stop_hooks() const;

 private:
  void enter(Phase phase);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  segment::View view_;
  Phase phase_ = Phase::kBorn;
  bool hurried_ = false;
  Deadline deadline_ = Deadline::max();
  std::function<bool()> gates_;
  std::vector<internal::StartHook> start_hooks_;
  std::vector<internal::DrainHook> drain_hooks_;
  std::vector<internal::StopHook> stop_hooks_;
};

// The process's own; never destroyed.
Lifecycle& life();

}  // namespace outrigger::service
