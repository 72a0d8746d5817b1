#include "aws/retry.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdint>

namespace outrigger::aws {

using std::chrono::milliseconds;

milliseconds backoff(FailureKind kind, int retry, double random,
                     std::optional<milliseconds> asked) {
  constexpr int kDoublingsMax = 20;  // beyond it the limit holds anyway
  const milliseconds base = kind == FailureKind::kThrottled ? kThrottledBase : kTransientBase;
  const milliseconds longest =
      std::min(kBackoffMax, base * (int64_t{1} << std::clamp(retry, 0, kDoublingsMax)));
  const milliseconds chosen(static_cast<int64_t>(random * static_cast<double>(longest.count())));
  return asked ? std::clamp(*asked, chosen, chosen + kRetryAfterMax) : chosen;
}

double random_unit() {
  uint64_t bits = 0;
  [[maybe_unused]] const ssize_t got = getrandom(&bits, sizeof bits, 0);
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

std::optional<int> RetryQuota::take(FailureKind kind) {
  const int cost = kind == FailureKind::kThrottled ? kThrottledCost : kTransientCost;
  const std::lock_guard lock(mutex_);
  if (left_ < cost) return std::nullopt;
  left_ -= cost;
  return cost;
}

void RetryQuota::give_back(int taken) {
  const std::lock_guard lock(mutex_);
  left_ = std::min(kQuota, left_ + (taken == 0 ? kFirstTryReward : taken));
}

int RetryQuota::left() const {
  const std::lock_guard lock(mutex_);
  return left_;
}

}  // namespace outrigger::aws
