// Runs the checks, each on its own schedule.
//
// One pacer thread sees what is due and hands it to workers. Two workers are kept; when a check is
// due and every worker has been busy for a moment (one is stuck, or several are slow), another is
// started, never more than there are checks. A check is never run twice at a time. What takes
// longer than its timeout is for the keeper to notice, which sees in the slot when the run began:
// this process may be unable to.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "health/schedule.h"
#include "health/slot.h"
#include "outrigger/health.h"
#include "segment/layout.h"

namespace outrigger::health {

class Runner {
 public:
  // Results go to this segment, which must outlive the runner.
  explicit Runner(segment::View view);
  // As stop(), with a second's patience.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Starts it at once when it gates readiness, else within a second. False when the table is full.
  // Any thread.
  bool add(std::string name, CheckOptions options, CheckFunction function);

  // Every check that gates readiness has passed, or warned, and none is overdue. Any thread.
  bool gates_pass() const;

  // Ends the schedule and waits for runs under way. False when one is not over in time: its thread
  // is left behind, so the process must end without taking away what it may use (static objects).
  bool stop(std::chrono::milliseconds patience);

 private:
  // Shared by all threads, and kept by those that are left behind.
  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::thread pacer_;
};

}  // namespace outrigger::health
