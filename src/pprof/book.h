// What is kept of the service from its start, sample by sample, to be looked at any time: sampled
// allocations (heap.h), sampled waits (waits.h). Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "outrigger/result.h"
#include "pprof/job.h"
#include "pprof/profile.h"
#include "segment/sample_reader.h"

namespace outrigger::pprof {

class Book {
 public:
  virtual ~Book() = default;

  virtual void add(const segment::Sample& sample, Unwinder& unwinder) = 0;

  // Why there is nothing to be seen, if so.
  virtual std::optional<Error> missing() const = 0;
  // What the values are; without the times.
  virtual ProfileHead head(Kind kind) const = 0;
  // By stack, as they were first seen.
  virtual std::vector<Values> totals() const = 0;
  // The stacks that `kind` shows, with the difference between two totals.
  virtual Stacks difference(Kind kind, const std::vector<Values>& before,
                            const std::vector<Values>& after) const = 0;
};

// The difference by stack, with labels as `relabel` has them; those of Stacks::kNone are left out.
Stacks difference_of(const Stacks& stacks, const std::function<uint32_t(uint32_t)>& relabel,
                     const std::vector<Values>& before, const std::vector<Values>& after);

}  // namespace outrigger::pprof
