// When a check runs and what comes of it: pure functions of the time, for the runner and for tests
// of users' checks.
#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <string>

#include "outrigger/health.h"

namespace outrigger::health {

using Clock = std::chrono::steady_clock;
using CheckFunction = std::function<CheckResult()>;

// What the check says, or what it threw.
inline CheckResult result_of(const CheckFunction& function) {
  try {
    return function();
  } catch (const std::exception& thrown) {
    return fail(std::string("threw an exception: ") + thrown.what());
  } catch (...) {
    return fail("threw something that is no std::exception");
  }
}

inline bool is_overrun(const CheckOptions& options, std::chrono::nanoseconds took) {
  return took > options.timeout;
}
inline CheckResult timed_out(const CheckOptions& options, std::chrono::nanoseconds took) {
  return fail("timed out: took " +
              std::to_string(std::chrono::floor<std::chrono::milliseconds>(took).count()) +
              " ms, may take " + std::to_string(options.timeout.count()) + " ms");
}

// In step with its own schedule; runs that were missed meanwhile are not made up for.
inline Clock::time_point next_due(const CheckOptions& options, Clock::time_point due,
                                  Clock::time_point now) {
  const auto every = std::max(options.every, std::chrono::milliseconds(1));
  due += every;
  if (due <= now) due += every * ((now - due) / every + 1);
  return due;
}

// What check_now() says from now on; a default-constructed time gives it back to the clock.
void set_check_time(Clock::time_point time);

}  // namespace outrigger::health
