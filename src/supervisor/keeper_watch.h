// Whether the keeper does its work, and how soon a fallen one is started again. Pure; the caller
// passes the time in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace outrigger::supervisor {

inline constexpr int64_t kTickNs = base::kNsPerSecond;
inline constexpr int kStuckTicks = 1;   // a log call no longer waits for such a keeper
inline constexpr int kKilledTicks = 5;  // such a keeper is killed and started again
inline constexpr int64_t kBackOffFirstNs = 50 * base::kNsPerMs;
// However often a keeper is killed, its page is away for less than a second. One that falls before
// its first beat gets slower attempts than one that worked.
inline constexpr int64_t kBackOffWorkedNsMax = 250 * base::kNsPerMs;
inline constexpr int64_t kBackOffNsMax = 500 * base::kNsPerMs;
inline constexpr int64_t kLongRunNs = 10 * base::kNsPerSecond;
inline constexpr int kHopelessStarts =
    5;  // so many in a row never beat: nobody waits for the next one at the end

class KeeperWatch {
 public:
  void started(int64_t now_ns, int64_t beat_ns) {
    started_ns_ = now_ns;
    beat_ns_ = beat_ns;  // the predecessor's last; it proves nothing
    beats_ = false;
    silent_ticks_ = 0;
  }

  // The keeper's beat, as the segment shows it now.
  void seen(int64_t beat_ns) {
    if (beat_ns == beat_ns_) return;
    beat_ns_ = beat_ns;
    beats_ = true;
    silent_ticks_ = 0;
    failed_starts_ = 0;
  }

  // Once a kTickNs of the supervisor's own waking time. Silence is counted in ticks and not read
  // off a clock, so that a machine, container or process group that was stopped as a whole accuses
  // nobody when it goes on.
  void tick() { ++silent_ticks_; }

  bool beats() const { return beats_; }
  bool stuck() const { return silent_ticks_ > kStuckTicks; }
  bool to_be_killed() const { return silent_ticks_ > kKilledTicks; }
  // Traced by a debugger, say: five more ticks.
  void forgive() { silent_ticks_ = kStuckTicks + 1; }
  // Started a moment ago and not seen at work yet.
  bool is_young(int64_t now_ns) const { return !beats_ && now_ns - started_ns_ < kTickNs; }
  // The latest attempts came to nothing.
  bool failed() const { return failed_starts_ > 0; }
  bool hopeless() const { return failed_starts_ >= kHopelessStarts; }

  // The keeper fell, or could not be started: how long to wait before the next attempt.
  int64_t fell(int64_t now_ns) {
    if (!beats_) ++failed_starts_;
    if (now_ns - started_ns_ > kLongRunNs) back_off_ns_ = 0;
    const int64_t delay_ns = std::min(back_off_ns_, beats_ ? kBackOffWorkedNsMax : kBackOffNsMax);
    back_off_ns_ = delay_ns == 0 ? kBackOffFirstNs : std::min(2 * delay_ns, kBackOffNsMax);
    beats_ = false;
    return delay_ns;
  }

 private:
  int64_t started_ns_ = 0;
  int64_t beat_ns_ = 0;
  int64_t back_off_ns_ = 0;
  int silent_ticks_ = 0;
  int failed_starts_ = 0;
  bool beats_ = false;
};

}  // namespace outrigger::supervisor
