// Many signals, one drain: what a stop signal means now, and when patience ends. A pure state
// machine; the caller passes CLOCK_MONOTONIC in.
//
//            first signal, or the        a signal more than
//            service's own drain         200 ms after the first
//   running ───────────────────► draining ───────────────────► hurrying
//                                   │ budget minus flush            │ kHurryNs
//                                   └────────► service killed ◄─────┘
//
// A terminal's Ctrl-C, an init system and a script may each signal several processes of ours at
// once: whatever comes within 200 ms of the first signal is that same wish.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace outrigger::supervisor {

inline constexpr int64_t kStopBudgetMs = 25'000;
inline constexpr int64_t kStopBudgetMsMin = 100;
inline constexpr int64_t kStopBudgetMsMax = 3'600'000;
inline constexpr int64_t kFlushNs =
    5 * base::kNsPerSecond;  // of the budget, the keeper's last part
inline constexpr int64_t kSameWishNs = 200 * base::kNsPerMs;
inline constexpr int64_t kHurryNs =
    3 * base::kNsPerSecond;  // a service that is told to hurry has this long
inline constexpr int64_t kKillGraceNs =
    500 * base::kNsPerMs;  // for a service that ends at its very deadline

class StopClock {
 public:
  enum class Step { kNothing, kDrain, kHurry };

  // A stop signal arrived at any of the processes.
  Step signalled(int64_t now_ns) {
    if (first_signal_ns_ == 0) {
      first_signal_ns_ = now_ns;
      begin(now_ns);
      // Said even if the service drains already on its own account: it is then told how long it
      // has.
      return Step::kDrain;
    }
    if (now_ns - first_signal_ns_ <= kSameWishNs || hurry_ns_ != 0) return Step::kNothing;
    hurry_ns_ = now_ns;
    return Step::kHurry;
  }

  // The service began to drain without being told. A later signal counts as the first.
  Step service_drains(int64_t now_ns) {
    const bool news = !draining();
    begin(now_ns);
    return news ? Step::kDrain : Step::kNothing;
  }

  // A start failed: nothing is worth waiting for.
  void end_at_once(int64_t now_ns) {
    begin(now_ns);
    if (first_signal_ns_ == 0) first_signal_ns_ = now_ns;
    if (hurry_ns_ == 0) hurry_ns_ = now_ns;
  }

  // A value out of range is brought into it.
  void set_budget_ms(int64_t budget_ms) {
    budget_ms_ = std::clamp(budget_ms, kStopBudgetMsMin, kStopBudgetMsMax);
  }
  int64_t budget_ms() const { return budget_ms_; }

  bool draining() const { return began_ns_ != 0; }
  bool hurrying() const { return hurry_ns_ != 0; }
  int64_t began_ns() const { return began_ns_; }

  // When the service is to be killed; 0: not now. Precondition for use: it still lives.
  int64_t kill_at_ns() const {
    if (!draining()) return 0;
    const int64_t budget_ns = budget_ms_ * base::kNsPerMs;
    const int64_t patience =
        began_ns_ + budget_ns - std::min(kFlushNs, budget_ns / 5) + kKillGraceNs;
    return hurrying() ? std::min(patience, hurry_ns_ + kHurryNs) : patience;
  }

 private:
  void begin(int64_t now_ns) {
    if (began_ns_ == 0) began_ns_ = now_ns;
  }

  int64_t budget_ms_ = kStopBudgetMs;
  int64_t began_ns_ = 0;
  int64_t first_signal_ns_ = 0;
  int64_t hurry_ns_ = 0;
};

}  // namespace outrigger::supervisor
