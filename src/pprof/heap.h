// The keeper's book of sampled allocations: each one's call stack, unwound as soon as it arrives, and
// what has been allocated by each stack so far. Which blocks are live stands in the segment's table,
// which survives the service; here is only whose they are. Used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "pprof/profile.h"
#include "segment/sample_reader.h"
#include "segment/samples.h"

namespace outrigger::pprof {

class Heap {
 public:
  explicit Heap(segment::View view);

  void add(const segment::Sample& sample, Unwinder& unwinder);

  // By stack as all() of stacks(): allocated objects and bytes so far, live objects and bytes now.
  std::vector<Values> totals() const;
  // The stacks, with the difference between two totals.
  Stacks difference(const std::vector<Values>& before, const std::vector<Values>& after) const;

  bool hooked() const { return view_.service().heap_hooked.load(std::memory_order_relaxed) != 0; }
  bool has_no_range() const { return share().no_range.load(std::memory_order_relaxed) != 0; }
  uint64_t interval() const { return segment::heap_interval(share()); }
  // Samples put off: the keeper was too slow, or the table full.
  uint64_t delayed() const { return share().delayed.load(std::memory_order_relaxed); }
  uint64_t samples() const { return samples_; }
  uint64_t refused() const { return stacks_.refused(); }

 private:
  // Whose the block at a place of the table is.
  struct Owner {
    uint32_t generation = 0;
    uint32_t stack = 0;
  };
  segment::HeapShare& share() const { return segment::heap(view_); }

  segment::View view_;
  Stacks stacks_;              // values: objects and bytes allocated
  std::vector<Owner> owners_;  // grows to the places in use
  std::vector<uint64_t> addresses_;
  uint64_t samples_ = 0;
};

}  // namespace outrigger::pprof
