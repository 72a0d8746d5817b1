// How far this machine's clock is from AWS's: a signature is refused beyond five minutes. Any
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace outrigger::aws {

class Skew {
 public:
  // A difference within it is left as it is: a signature may be off by five minutes
  // (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
  static constexpr std::chrono::seconds kTolerated{4 * 60};

  // Of every answer, good or bad: its Date, and when it came by this machine's clock. Within the
  // tolerance the correction returns to zero. True when the correction changed by more than the
  // tolerance: what was refused for its time is worth signing again.
  bool note(std::string_view date, std::chrono::system_clock::time_point came) {
    const std::optional<int64_t> server = unix_seconds_of(date);
    if (!server) return false;
    const auto own = std::chrono::floor<std::chrono::seconds>(came).time_since_epoch().count();
    const int64_t difference = *server - own;
    const int64_t kept = std::abs(difference) > kTolerated.count() ? difference : 0;
    const int64_t before = seconds_.exchange(kept, std::memory_order_relaxed);
    return std::abs(kept - before) > kTolerated.count();
  }

  std::chrono::seconds correction() const {
    return std::chrono::seconds(seconds_.load(std::memory_order_relaxed));
  }
  // As AWS's clock has it.
  std::chrono::system_clock::time_point now() const {
    return std::chrono::system_clock::now() + correction();
  }

  // "Tue, 24 Nov 2026 02:05:23 GMT" (RFC 9110, 5.6.7); none for any other text.
  static std::optional<int64_t> unix_seconds_of(std::string_view date);

 private:
  std::atomic<int64_t> seconds_{0};
};

}  // namespace outrigger::aws
