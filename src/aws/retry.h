// Retrying within a call: the SDKs' standard mode.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "aws/failure.h"

namespace outrigger::aws {

inline constexpr int kAttempts = 3;  // of a call, the first one included
inline constexpr std::chrono::milliseconds kTransientBase{50};
inline constexpr std::chrono::milliseconds kThrottledBase{1'000};
inline constexpr std::chrono::milliseconds kBackoffMax{20'000};
// What x-amz-retry-after asks for is granted up to so much above the backoff.
inline constexpr std::chrono::milliseconds kRetryAfterMax{5'000};

inline constexpr int kQuota = 500;  // tokens, at most and at first
inline constexpr int kTransientCost = 14;
inline constexpr int kThrottledCost = 5;
inline constexpr int kFirstTryReward = 1;

// Before attempt `retry` + 1, where `retry` counts from 0: random x min(20 s, base x 2^retry),
// with `random` in [0, 1). `asked` is the answer's x-amz-retry-after.
std::chrono::milliseconds backoff(FailureKind kind, int retry, double random,
                                  std::optional<std::chrono::milliseconds> asked);

// [0, 1), from the kernel's source.
double random_unit();

// Retries cost tokens, so that clients do not multiply the load of a service that is down. Any
// thread.
class RetryQuota {
 public:
  // Takes what a retry after such a failure costs; none when there is not so much left.
  std::optional<int> take(FailureKind kind);
  // A success: gives back what its last retry took (0: it was the first try).
  void give_back(int taken);
  int left() const;

 private:
  mutable std::mutex mutex_;
  int left_ = kQuota;  // guarded by mutex_
};

}  // namespace outrigger::aws
