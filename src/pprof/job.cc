#include "pprof/job.h"

#include <utility>

namespace outrigger::pprof {

std::string describe(const Ask& ask) {
  switch (ask.kind) {
    case Kind::kCpu:
      return "a CPU profile of " + std::to_string(ask.seconds) + " s at " + std::to_string(ask.hz) +
             " Hz";
    case Kind::kWall:
      return "a wall profile of " + std::to_string(ask.seconds) + " s at " +
             std::to_string(ask.hz) + " Hz";
    case Kind::kRecord: return "a look at the last " + std::to_string(ask.seconds) + " s";
    case Kind::kHeap:
    case Kind::kAllocs: return "a heap profile of " + std::to_string(ask.seconds) + " s";
    case Kind::kMutex:
      return "a profile of waits for locks of " + std::to_string(ask.seconds) + " s";
    case Kind::kBlock: return "a profile of waits of " + std::to_string(ask.seconds) + " s";
    case Kind::kThreads: return "a look at the threads' stacks";
    case Kind::kSymbols: break;
  }
  return "a search for names";
}

std::optional<Result<std::string>> Job::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(result_, std::nullopt);
}

void Job::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
}

bool Job::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void Job::finish(Result<std::string> result) {
  const std::lock_guard lock(mutex_);
  result_ = std::move(result);
}

}  // namespace outrigger::pprof
