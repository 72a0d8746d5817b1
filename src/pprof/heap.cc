#include "pprof/heap.h"

#include <algorithm>
#include <string>

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

void Heap::add(const segment::Sample& sample, Unwinder& unwinder) {
  ++samples_;
  unwinder.unwind(sample, addresses_);
  const Worth worth = worth_of(sample.bytes, sample.weight_bytes);
  const uint32_t stack =
      stacks_.add(addresses_, labels_.add(labels_of(sample)), {worth.objects, worth.bytes});
  if (sample.heap_index >= owners_.size()) owners_.resize(sample.heap_index + 1);
  Owner& owner = owners_[sample.heap_index];
  // Samples may come in another order than they were taken.
  if (static_cast<int32_t>(sample.heap_generation - owner.generation) <= 0) return;
  owner = {sample.heap_generation, stack};
}

uint64_t Heap::live() const {
  const uint32_t used =
      std::min<uint32_t>(share().used.load(std::memory_order_relaxed), kHeapBlocks);
  uint64_t live = 0;
  for (uint32_t i = 0; i < used; ++i)
    live += share().blocks[i].generation.load(std::memory_order_relaxed) % 2;
  return live;
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

Stacks Heap::difference(Kind, const std::vector<Values>& before,
                        const std::vector<Values>& after) const {
  return difference_of(
      stacks_, [](uint32_t label) { return label; }, before, after);
}

std::optional<Error> Heap::missing() const {
  if (share().no_range.load(std::memory_order_relaxed) != 0) {
    return Error{ErrorKind::kUnavailable,
                 "allocations are not sampled: there is no address space for sampled blocks (64 "
                 "GiB, see ulimit -v)",
                 {}};
  }
  if (view_.service().heap_hooked.load(std::memory_order_relaxed) != 0) return {};
  return Error{
      ErrorKind::kUnavailable,
      "allocations are not sampled: the program is linked without the hooks of malloc, or it "
      "is not at run() yet",
      {}};
}

ProfileHead Heap::head(Kind kind) const {
  const uint64_t interval = segment::heap_interval(share());
  ProfileHead head;
  head.values = {{"alloc_objects", "count"},
                 {"alloc_space", "bytes"},
                 {"inuse_objects", "count"},
                 {"inuse_space", "bytes"}};
  head.period_type = {"space", "bytes"};
  head.period = static_cast<int64_t>(interval);
  head.default_type = kind == Kind::kAllocs ? "alloc_space" : "inuse_space";
  head.from_hooks = true;
  head.labels = labels_.all();
  head.comments.push_back("one allocation in " + std::to_string(interval) +
                          " bytes is sampled, in the mean; " + std::to_string(samples_) +
                          " so far");
  // The keeper was too slow, or the table full.
  if (const uint64_t delayed = share().delayed.load(std::memory_order_relaxed); delayed != 0)
    head.comments.push_back(std::to_string(delayed) +
                            " times a sample had to wait; the next one stands for it");
  if (stacks_.refused() != 0)
    head.comments.push_back(std::to_string(stacks_.refused()) +
                            " samples left out: too many stacks");
  return head;
}

}  // namespace outrigger::pprof
