// The keeper's book of sampled waits: by call stack, how many and how long so far. `mutex` shows
// those for locks, `block` all. Used by one thread.
#pragma once

#include <vector>

#include "pprof/book.h"

namespace outrigger::pprof {

class Waits final : public Book {
 public:
  explicit Waits(segment::View view) : view_(view) {}

  void add(const segment::Sample& sample, Unwinder& unwinder) override;
  std::optional<Error> missing() const override;
  ProfileHead head(Kind kind) const override;
  std::vector<Values> totals() const override;
  Stacks difference(Kind kind, const std::vector<Values>& before,
                    const std::vector<Values>& after) const override;

 private:
  segment::View view_;
  Stacks
      stacks_;  // label: twice that of labels_, and one if for a lock; values: contentions, delay
  LabelSets labels_;
  std::vector<uint64_t> addresses_;
  uint64_t samples_ = 0;
};

}  // namespace outrigger::pprof
