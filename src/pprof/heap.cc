#include "pprof/heap.h"

#include <algorithm>
#include <string>
#include <unordered_map>

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

Heap::Heap(segment::View view, KeptHeap* kept) : view_(view), kept_(kept) {
  if (kept_ != nullptr) take_up();
}

// Thread names and tags are not kept, nor what was freed again.
void Heap::take_up() {
  // Acquire: pairs with the release in keep().
  const size_t words =
      std::min<size_t>(kept_->words.load(std::memory_order_acquire), KeptHeap::kWordsMax);
  std::unordered_map<uint32_t, uint32_t> stack_at;
  for (size_t at = 0; at < words;) {
    const uint64_t size = kept_->stacks[at];
    if (size >= words - at) break;
    const uint32_t stack = stacks_.add({kept_->stacks + at + 1, static_cast<size_t>(size)}, 0, {});
    if (stack == Stacks::kNone) break;
    kept_at_.resize(stacks_.all().size());
    kept_at_[stack] = static_cast<uint32_t>(at + 1);
    stack_at.emplace(static_cast<uint32_t>(at), stack);
    at += 1 + static_cast<size_t>(size);
  }
  // Places that were never used have no page there, and are not to get one by being read.
  const uint32_t used =
      std::min<uint32_t>(share().used.load(std::memory_order_relaxed), kHeapBlocks);
  owners_.resize(used);
  for (uint32_t i = 0; i < used; ++i) {
    const uint32_t generation = kept_->owners[i].generation.load(std::memory_order_acquire);
    const auto found = stack_at.find(kept_->owners[i].stack);
    if (generation != 0 && found != stack_at.end()) owners_[i] = {generation, found->second};
  }
}

void Heap::keep(const segment::Sample& sample, uint32_t stack) {
  if (stack == Stacks::kNone || sample.heap_index >= kHeapBlocks) return;
  if (kept_at_.size() <= stack) {
    kept_at_.resize(stack + 1);
    const uint32_t at = kept_->words.load(std::memory_order_relaxed);
    if (at + 1 + addresses_.size() <= KeptHeap::kWordsMax) {
      kept_->stacks[at] = addresses_.size();
      std::ranges::copy(addresses_, kept_->stacks + at + 1);
      kept_->words.store(static_cast<uint32_t>(at + 1 + addresses_.size()),
                         std::memory_order_release);
      kept_at_[stack] = at + 1;
    }
  }
  KeptHeap::Owner& owner = kept_->owners[sample.heap_index];
  // While it changes it is nobody's.
  owner.generation.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  if (kept_at_[stack] == 0) return;
  owner.stack = kept_at_[stack] - 1;
  owner.generation.store(sample.heap_generation, std::memory_order_release);
}

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
  if (kept_ != nullptr) keep(sample, stack);
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
