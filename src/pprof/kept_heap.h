// Whose the live sampled blocks are, kept beyond the keeper that found out: a successor has the samples
// no more. All zero: nothing is kept. One writer at a time, who may be killed anywhere.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "segment/samples.h"

namespace outrigger::pprof {

struct KeptHeap {
  // Of a block, by its place in the table of the segment.
  struct Owner {
    std::atomic<uint32_t> generation;  // as in the table; 0: nobody's
    uint32_t stack;                    // the word where it stands
  };
  // Some 2,000 stacks; beyond them, blocks are nobody's.
  static constexpr size_t kWordsMax = 47u << 10;

  std::atomic<uint32_t> words;  // of `stacks`, those that are complete
  Owner owners[segment::kHeapBlocks];
  uint64_t stacks[kWordsMax];  // of each its size, then its addresses, leaf first
};

}  // namespace outrigger::pprof
