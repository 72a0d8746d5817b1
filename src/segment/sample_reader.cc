#include "segment/sample_reader.h"

namespace outrigger::segment {

bool SampleReader::next(Sample& sample) {
  constexpr auto kFull = static_cast<uint32_t>(SampleState::kFull);
  constexpr auto kFree = static_cast<uint32_t>(SampleState::kFree);
  SampleShare& share = samples(view_);
  for (size_t looked = 0; looked < kSampleCells; ++looked) {
    const size_t index = at_;
    at_ = (at_ + 1) % kSampleCells;
    std::atomic<uint32_t>& state = share.states[index];
    // Acquire: pairs with the handler's release; the cell is complete.
    if (state.load(std::memory_order_acquire) != kFull) continue;
    const bool good = copy(sample_cell(view_, index), sample);
    // Release: pairs with the acquire of the handler that takes the cell; the copy is made.
    state.store(kFree, std::memory_order_release);
    if (good) return true;
    ++corruptions_;
  }
  return false;
}

bool SampleReader::copy(const char* cell, Sample& sample) {
  SampleHeader header;
  memcpy(&header, cell, sizeof(header));
  if (header.kind < static_cast<uint32_t>(SampleKind::kCpu) ||
      header.kind > static_cast<uint32_t>(SampleKind::kWall))
    return false;
  if (header.heap_index >= kHeapBlocks) return false;
  if (header.stack_bytes > kStackBytesMax || header.label_bytes > kLabelBytesMax) return false;
  sample.kind = static_cast<SampleKind>(header.kind);
  sample.thread_id = header.thread_id;
  sample.asked = header.asked;
  sample.weight_ns = header.weight_ns;
  sample.bytes = header.bytes;
  sample.weight_bytes = header.weight_bytes;
  sample.heap_index = header.heap_index;
  sample.heap_generation = header.heap_generation;
  sample.wait =
      header.wait == static_cast<uint32_t>(WaitKind::kLock) ? WaitKind::kLock : WaitKind::kOther;
  sample.wait_count = header.wait_count;
  sample.label_bytes = header.label_bytes;
  memcpy(sample.labels.data(), cell + kSampleLabelsAt, header.label_bytes);
  memcpy(sample.registers.data(), header.registers, sizeof(header.registers));
  sample.stack_at = header.stack_at;
  // An address range that wraps around is none.
  if (sample.stack_at > UINT64_MAX - kStackBytesMax) header.stack_bytes = 0;
  sample.stack_bytes = header.stack_bytes;
  memcpy(sample.stack.data(), cell + kSampleStackAt, header.stack_bytes);
  return true;
}

void SampleReader::clear() {
  SampleShare& share = samples(view_);
  for (std::atomic<uint32_t>& state : share.states) {
    auto full = static_cast<uint32_t>(SampleState::kFull);
    state.compare_exchange_strong(full, static_cast<uint32_t>(SampleState::kFree),
                                  std::memory_order_acq_rel, std::memory_order_relaxed);
  }
}

}  // namespace outrigger::segment
