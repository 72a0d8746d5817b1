#include "pprof/heap.h"

#include <algorithm>

namespace outrigger::pprof {
namespace {

using segment::HeapBlock;
using segment::kHeapBlocks;

// More than any machine has: a service that lies must not make the sums overflow.
constexpr uint64_t kBytesMax = uint64_t{1} << 46;
constexpr uint64_t kObjectsMax = uint64_t{1} << 40;

struct Worth {
  int64_t objects;
  int64_t bytes;
};
Worth worth_of(uint64_t bytes, uint64_t weight_bytes) {
  const uint64_t each = std::max<uint64_t>(bytes, 1);
  const uint64_t all = std::min(weight_bytes, kBytesMax);
  const uint64_t objects = std::clamp<uint64_t>((all + each / 2) / each, 1, kObjectsMax);
  return {static_cast<int64_t>(objects), static_cast<int64_t>(all)};
}

}  // namespace

Heap::Heap(segment::View view) : view_(view) {}

void Heap::add(const segment::Sample& sample, Unwinder& unwinder) {
  ++samples_;
  unwinder.unwind(sample, addresses_);
  const Worth worth = worth_of(sample.bytes, sample.weight_bytes);
  const uint32_t stack = stacks_.add(addresses_, 0, {worth.objects, worth.bytes});
  if (sample.heap_index >= owners_.size()) owners_.resize(sample.heap_index + 1);
  Owner& owner = owners_[sample.heap_index];
  // Samples may come in another order than they were taken.
  if (static_cast<int32_t>(sample.heap_generation - owner.generation) <= 0) return;
  owner = {sample.heap_generation, stack};
}

std::vector<Values> Heap::totals() const {
  std::vector<Values> totals;
  for (const Stacks::Stack& stack : stacks_.all()) totals.push_back(stack.values);
  for (size_t i = 0; i < owners_.size(); ++i) {
    const HeapBlock& block = share().blocks[i];
    const Owner& owner = owners_[i];
    // Acquire: pairs with the release that made it live; its numbers are there.
    if (owner.generation % 2 == 0 ||
        block.generation.load(std::memory_order_acquire) != owner.generation ||
        owner.stack >= totals.size())
      continue;
    const Worth worth = worth_of(block.bytes.load(std::memory_order_relaxed),
                                 block.weight_bytes.load(std::memory_order_relaxed));
    totals[owner.stack][2] += worth.objects;
    totals[owner.stack][3] += worth.bytes;
  }
  return totals;
}

Stacks Heap::difference(const std::vector<Values>& before, const std::vector<Values>& after) const {
  Stacks out;
  for (size_t i = 0; i < after.size(); ++i) {
    Values values = after[i];
    if (i < before.size())
      for (size_t k = 0; k < kValues; ++k) values[k] -= before[i][k];
    if (std::ranges::all_of(values, [](int64_t value) { return value == 0; })) continue;
    out.add(stacks_.addresses(stacks_.all()[i]), 0, values);
  }
  return out;
}

}  // namespace outrigger::pprof
