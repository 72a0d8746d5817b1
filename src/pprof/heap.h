// The keeper's book of sampled allocations: each one's call stack, unwound as soon as it arrives, and
// what has been allocated by each stack so far. Which blocks are live stands in the segment's table,
// which survives the service; here is only whose they are. Used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "pprof/book.h"
#include "pprof/kept_heap.h"
#include "segment/sample_reader.h"
#include "segment/samples.h"

namespace outrigger::pprof {

class Heap final : public Book {
 public:
  // `kept`: what a predecessor knew is taken from there, and what comes is written to it; may be none.
  explicit Heap(segment::View view, KeptHeap* kept = nullptr);

  void add(const segment::Sample& sample, Unwinder& unwinder) override;
  std::optional<Error> missing() const override;
  ProfileHead head(Kind kind) const override;
  // Allocated objects and bytes so far, live objects and bytes now.
  std::vector<Values> totals() const override;
  // Sampled blocks that are live now, whoever owns them. Any thread.
  uint64_t live() const;
  Stacks difference(Kind kind, const std::vector<Values>& before,
                    const std::vector<Values>& after) const override;

 private:
  // Whose the block at a place of the table is.
  struct Owner {
    uint32_t generation = 0;
    uint32_t stack = 0;
  };
  segment::HeapShare& share() const { return segment::heap(view_); }
  void take_up();
  void keep(const segment::Sample& sample, uint32_t stack);

  segment::View view_;
  KeptHeap* kept_;
  Stacks stacks_;  // label: of labels_; values: objects and bytes allocated
  LabelSets labels_;
  std::vector<Owner> owners_;      // grows to the places in use
  std::vector<uint32_t> kept_at_;  // by stack, 1 + its word; 0: there was no room
  std::vector<uint64_t> addresses_;
  uint64_t samples_ = 0;
};

}  // namespace outrigger::pprof
