#include "pprof/time_session.h"

#include <time.h>

#include "base/clock.h"

namespace outrigger::pprof {
namespace {

using segment::SampleShare;
using segment::TickClock;

// How long the service gets to stop its timers; what comes later is not missed.
constexpr int64_t kStopPatienceNs = base::kNsPerSecond / 2;

}  // namespace

TimeSession::TimeSession(const Profiler::Parts& parts, const Ask& ask, Ticks& ticks,
                         std::function<void()> drain)
    : parts_(parts),
      ask_(ask),
      ticks_(ticks),
      drain_(std::move(drain)),
      taken_(parts.service_pid),
      dropped_before_(segment::samples(parts.view).dropped.load(std::memory_order_relaxed)),
      began_ns_(base::monotonic_ns()),
      began_real_ns_(base::real_ns()),
      asked_number_(ticks.ask(clock(), ask.hz)) {}

TimeSession::~TimeSession() { ticks_.ask(clock(), 0); }

TickClock TimeSession::clock() const {
  return ask_.kind == Kind::kWall ? TickClock::kWall : TickClock::kCpu;
}

Result<void> TimeSession::turn() {
  if (!ticks_.applied()) return {};
  return ticks_.refusal();
}

bool TimeSession::over() const {
  if (parts_.view.supervision().service_ended.load(std::memory_order_relaxed) != 0) return true;
  return base::monotonic_ns() - began_ns_ >= ask_.seconds * base::kNsPerSecond;
}

Result<std::string> TimeSession::finish(Unwinder& unwinder) {
  const int64_t duration_ns = base::monotonic_ns() - began_ns_;
  const bool was_applied = ticks_.applied();
  ticks_.ask(clock(), 0);
  // What handlers have under way is taken too.
  const int64_t until_ns = base::monotonic_ns() + kStopPatienceNs;
  while (was_applied && !ticks_.applied() && base::monotonic_ns() < until_ns) {
    drain_();
    const timespec moment{0, 1'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, nullptr);
  }
  drain_();
  if (!was_applied && taken_.samples() == 0) {
    return Error{ErrorKind::kUnavailable,
                 "the service did not take up the profile: it is stopped, or has not come to "
                 "run() or adopt()",
                 {}};
  }
  const bool of_wall = ask_.kind == Kind::kWall;
  ProfileHead head =
      taken_.head(of_wall ? "the threads' time" : "CPU time", of_wall ? "wall" : "cpu");
  head.period = base::kNsPerSecond / ask_.hz;
  head.time_ns = began_real_ns_;
  head.duration_ns = duration_ns;
  head.comments.front() += " (asked: " + std::to_string(ask_.hz) + "), in " +
                           decimal(static_cast<double>(duration_ns) / 1e9) + " s";
  const uint64_t dropped =
      segment::samples(parts_.view).dropped.load(std::memory_order_relaxed) - dropped_before_;
  if (dropped != 0)
    head.comments.push_back(std::to_string(dropped) +
                            " samples were dropped: the keeper was too slow");
  std::string out = ask_.form == Form::kText ? as_text(head, taken_.stacks(), unwinder)
                                             : encode(head, taken_.stacks(), unwinder);
  if (out.empty()) return failed("no memory for the profile");
  return out;
}

void TimeSession::take(const segment::Sample& sample, Unwinder& unwinder) {
  // Samples of a profile before this one may still lie in their cells.
  if (static_cast<int32_t>(sample.asked - asked_number_) < 0) return;
  taken_.take(sample, unwinder);
}

}  // namespace outrigger::pprof
