#include "keeper/system_watch.h"

#include <utility>

#include "base/clock.h"

namespace outrigger::keeper {
namespace {

constexpr int64_t kEveryNs = 10 * base::kNsPerSecond;
// The first share of a time is shown so soon.
constexpr int64_t kFirstNs = base::kNsPerSecond;

}  // namespace

void SystemWatch::look(int64_t now_ns) {
  const bool is_first = !last_;
  const bool is_second = minute_ && last_ && minute_->at_ns == last_->at_ns;
  const int64_t since_ns = now_ns - looked_ns_;
  if (!is_first && since_ns < (is_second ? kFirstNs : kEveryNs)) return;
  if (!is_first && !wanted_.exchange(false, std::memory_order_relaxed)) return;
  looked_ns_ = now_ns;
  system::Look now = system::look(subject_, now_ns);
  std::vector<system::Figure> figures = system::figures(last_ ? &*last_ : nullptr, now);
  {
    const std::lock_guard lock(mutex_);
    shown_ = std::move(figures);
  }
  if (!minute_) minute_ = now;
  last_ = std::move(now);
}

std::vector<system::Figure> SystemWatch::minute(int64_t now_ns) {
  system::Look now = system::look(subject_, now_ns);
  std::vector<system::Figure> figures = system::figures(minute_ ? &*minute_ : nullptr, now);
  {
    const std::lock_guard lock(mutex_);
    shown_ = figures;
  }
  looked_ns_ = now_ns;
  last_ = now;
  minute_ = std::move(now);
  return figures;
}

std::vector<system::Figure> SystemWatch::shown() {
  wanted_.store(true, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  return shown_;
}

}  // namespace outrigger::keeper
