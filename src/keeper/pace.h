// How many puts may be under way, and when the next one: one until the first was answered, several
// while CloudWatch takes them, one now and then while it does not, for ever. Pure; the time and the
// dice are arguments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace outrigger::keeper {

class Pace {
 public:
  static constexpr int64_t kFirstNs = 250 * base::kNsPerMs;
  static constexpr int64_t kMaxNs = 10 * base::kNsPerSecond;
  // At the end there is no time for patience.
  static constexpr int64_t kMaxInHasteNs = 250 * base::kNsPerMs;

  explicit Pace(size_t puts_max) : puts_max_(puts_max) {}

  bool may_send(int64_t now_ns, size_t under_way) const {
    if (!reaching()) return under_way == 0 && now_ns >= next_ns_;
    return under_way < (proven_ ? puts_max_ : 1);
  }
  // The last put was answered as it should be.
  bool reaching() const { return failures_ == 0; }
  // One put was, ever. The first finds the group and the stream, or makes them; others beside it
  // would only ask for the same, each over a connection of its own, while the service starts.
  bool proven() const { return proven_; }
  // Not before, while not reaching.
  int64_t next_ns() const { return next_ns_; }
  int64_t failing_since_ns() const { return since_ns_; }

  void succeeded() {
    failures_ = 0;
    proven_ = true;
  }
  // `random` in [0, 1).
  void failed(int64_t now_ns, double random) {
    // Those that were under way together fail together.
    if (!reaching() && now_ns < next_ns_) return;
    if (reaching()) since_ns_ = now_ns;
    const int64_t pause_ns = std::min(max_ns_, kFirstNs << std::min(failures_, 10u));
    ++failures_;
    next_ns_ = now_ns + static_cast<int64_t>(static_cast<double>(pause_ns) * (0.5 + random / 2));
  }
  // The service ends: out of the middle of a pause, and only short ones from now on.
  void make_haste(int64_t now_ns) {
    max_ns_ = kMaxInHasteNs;
    next_ns_ = std::min(next_ns_, now_ns);
  }

 private:
  const size_t puts_max_;
  unsigned failures_ = 0;
  bool proven_ = false;
  int64_t next_ns_ = 0;
  int64_t since_ns_ = 0;
  int64_t max_ns_ = kMaxNs;
};

}  // namespace outrigger::keeper
