// One profile of the threads' time, CPU or wall, from asking the service for ticks to the encoded
// answer. Used by one thread.
#pragma once

#include <functional>
#include <string>

#include "outrigger/result.h"
#include "pprof/profiler.h"
#include "pprof/ticks.h"
#include "pprof/time_stacks.h"

namespace outrigger::pprof {

class TimeSession {
 public:
  // Asks the service to begin. `drain` reads what samples there are, and gives this the ones that
  // are its own.
  TimeSession(const Profiler::Parts& parts, const Ask& ask, Ticks& ticks,
              std::function<void()> drain);
  // Asks the service to stop, whatever came before.
  ~TimeSession();
  TimeSession(const TimeSession&) = delete;
  TimeSession& operator=(const TimeSession&) = delete;

  // An error when the service cannot do it.
  Result<void> turn();
  // The time is over, or the service has ended.
  bool over() const;
  Result<std::string> finish(Unwinder& unwinder);

  // A sample of this clock.
  void take(const segment::Sample& sample, Unwinder& unwinder);

 private:
  segment::TickClock clock() const;

  const Profiler::Parts parts_;
  const Ask ask_;
  Ticks& ticks_;
  const std::function<void()> drain_;
  TimeStacks taken_;
  const uint64_t dropped_before_;
  const int64_t began_ns_;       // CLOCK_MONOTONIC
  const int64_t began_real_ns_;  // CLOCK_REALTIME
  const uint32_t asked_number_;
};

}  // namespace outrigger::pprof
