// A look into a book that is asked for: all until now, or what came and went within some seconds.
// Used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outrigger/result.h"
#include "pprof/book.h"
#include "pprof/job.h"
#include "pprof/unwinder.h"

namespace outrigger::pprof {

class BookSession {
 public:
  BookSession(const Book& book, const Ask& ask);

  // The answer, once the time is over. `unwinder` may be nullptr when no sample has come yet.
  std::optional<Result<std::string>> turn(Unwinder* unwinder);

 private:
  std::string encode_now(Unwinder& unwinder) const;

  const Book& book_;
  const Ask ask_;
  const int64_t began_ns_;            // CLOCK_MONOTONIC
  const std::vector<Values> before_;  // empty: since the start
};

}  // namespace outrigger::pprof
