// The keeper's side of the stack samples. Every byte is hostile: a cell is copied, the copy is
// checked, the copy is used. Registers and stack bytes stay what they are, numbers: whoever unwinds
// them looks addresses up in tables and reads memory from the copy alone.
//
// Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include "segment/samples.h"

namespace outrigger::segment {

struct Sample {
  SampleKind kind = SampleKind::kCpu;
  int32_t thread_id = 0;
  uint32_t asked = 0;
  uint64_t weight_ns = 0;
  uint64_t bytes = 0;
  uint64_t weight_bytes = 0;
  uint32_t heap_index = 0;  // below kHeapBlocks
  uint32_t heap_generation = 0;
  WaitKind wait = WaitKind::kLock;
  uint64_t wait_count = 0;
  uint32_t label_bytes = 0;
  std::array<uint64_t, kRegisters> registers{};
  uint64_t stack_at = 0;  // the address of the first byte of `stack`
  uint32_t stack_bytes = 0;
  std::array<char, kLabelBytesMax> labels;
  std::array<char, kStackBytesMax> stack;

  // A word of the copied stack; false when it lies elsewhere.
  bool read(uint64_t address, uint64_t& word) const {
    if (address < stack_at || stack_bytes < sizeof(word) ||
        address - stack_at > stack_bytes - sizeof(word))
      return false;
    memcpy(&word, stack.data() + (address - stack_at), sizeof(word));
    return true;
  }
};

class SampleReader {
 public:
  explicit SampleReader(View view) : view_(view) {}

  // Copies one full cell and frees it. False when there is none.
  bool next(Sample& sample);
  // Full cells that are there now are from before: thrown away.
  void clear();

  uint64_t corruptions() const { return corruptions_; }

 private:
  bool copy(const char* cell, Sample& sample);

  View view_;
  size_t at_ = 0;
  uint64_t corruptions_ = 0;
};

}  // namespace outrigger::segment
