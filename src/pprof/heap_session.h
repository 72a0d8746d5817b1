// A heap profile that is asked for: what is live now, or what came and went within some seconds.
// Used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outrigger/result.h"
#include "pprof/heap.h"
#include "pprof/job.h"
#include "pprof/unwinder.h"

namespace outrigger::pprof {

class HeapSession {
 public:
  HeapSession(const Heap& heap, const Ask& ask);

  // The answer, once the time is over. `unwinder` may be nullptr when no sample has come yet.
  std::optional<Result<std::string>> turn(Unwinder* unwinder);

 private:
  std::string encode_now(Unwinder& unwinder) const;

  const Heap& heap_;
  const Ask ask_;
  const int64_t began_ns_;            // CLOCK_MONOTONIC
  const std::vector<Values> before_;  // empty: since the start
};

}  // namespace outrigger::pprof
