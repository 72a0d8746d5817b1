#include "profile/heap.h"

#include <string.h>

#include <algorithm>

#include "base/clock.h"
#include "outrigger/profile.h"
#include "profile/chance.h"
#include "profile/copy.h"
#include "profile/index_stack.h"
#include "profile/process.h"
#include "profile/range.h"

namespace outrigger::profile {

constinit thread_local int64_t t_bytes_left = 0;

namespace {

using segment::HeapBlock;
using segment::HeapShare;
using segment::kHeapBlocks;

// While nothing is sampled, a thread asks again after so many bytes.
constexpr int64_t kAskAgainBytes = 1 << 20;
// A thread may take a sample each kPaceNs for good, and kBurst of them at once. One that allocates
// faster has its interval doubled, and halved again when it slows down: whoever does nothing but
// allocate is slowed down by a percent, and the keeper is not flooded.
constexpr int64_t kPaceNs = 250'000;
constexpr int64_t kBurst = 8192;
constexpr uint32_t kPaceEvery = 16;   // samples between two looks at the clock
constexpr uint32_t kStretchMax = 10;  // doublings

struct Heap {
  std::atomic<uint32_t> range{0};  // Reserved
  IndexStack free_blocks;
  std::atomic<uint32_t> fresh{1};  // place 0 is none
};
constinit Heap g_heap;
// Apart, since all zeros take no place in the file.
constinit std::atomic<uint32_t> g_next[kHeapBlocks];
enum Reserved : uint32_t { kNotYet = 0, kUnderWay, kThere, kNone };

struct OwnThread {
  Chance chance;
  int64_t carried = 0;    // bytes of samples that had to wait
  uint64_t interval = 0;  // that was asked for when t_bytes_left was drawn; 0: not yet
  uint32_t stretch = 0;   // by how many doublings of it
  uint32_t unpaced = 0;   // samples since the last look at the clock
  int64_t paced_ns = 0;   // which was then, CLOCK_MONOTONIC
  int64_t credit_ns = kBurst * kPaceNs;
  bool busy = false;
};
constinit thread_local OwnThread t_own;

HeapShare& share() { return segment::heap(g_process.view); }

// Reserved with the first sample: a program that allocates little needs no range.
bool has_range() {
  uint32_t now = g_heap.range.load(std::memory_order_acquire);
  if (now == kNotYet && g_heap.range.compare_exchange_strong(now, kUnderWay)) {
    now = reserve_range() ? kThere : kNone;
    if (now == kNone) share().no_range.store(1, std::memory_order_relaxed);
    g_heap.range.store(now, std::memory_order_release);
  }
  return now == kThere;
}

uint64_t mean() { return t_own.interval << t_own.stretch; }

void draw() { t_bytes_left = t_own.chance.draw(mean()); }

// After a sample, before the next one is drawn.
void keep_pace() {
  if (++t_own.unpaced < kPaceEvery) return;
  const int64_t now_ns = base::monotonic_ns();
  if (t_own.paced_ns != 0) t_own.credit_ns += now_ns - t_own.paced_ns - t_own.unpaced * kPaceNs;
  t_own.credit_ns = std::clamp<int64_t>(t_own.credit_ns, 0, kBurst * kPaceNs);
  if (t_own.credit_ns == 0 && t_own.stretch < kStretchMax) ++t_own.stretch;
  if (t_own.credit_ns > kBurst * kPaceNs / 2 && t_own.stretch > 0) --t_own.stretch;
  t_own.unpaced = 0;
  t_own.paced_ns = now_ns;
}

uint32_t take_place() {
  const uint32_t freed = g_heap.free_blocks.pop(g_next);
  if (freed != IndexStack::kNone) return freed;
  uint32_t at = g_heap.fresh.load(std::memory_order_relaxed);
  do {
    if (at >= kHeapBlocks) return IndexStack::kNone;
  } while (!g_heap.fresh.compare_exchange_weak(at, at + 1, std::memory_order_relaxed));
  uint32_t used = share().used.load(std::memory_order_relaxed);
  while (used < at + 1 &&
         !share().used.compare_exchange_weak(used, at + 1, std::memory_order_relaxed)) {
  }
  return at;
}

void give_place_back(uint32_t place) { g_heap.free_blocks.push(g_next, place); }

// The chance has come: a block with its place and its stack, or nullptr when one of them is not to
// be had.
[[gnu::noinline]] void* take_sample(size_t bytes, size_t alignment, bool zeroed) {
  const uint32_t place = take_place();
  if (place == IndexStack::kNone) return nullptr;
  bool dirty = false;
  void* const block = range_allocate(bytes, alignment, place, dirty);
  if (block == nullptr) {
    give_place_back(place);
    return nullptr;
  }
  HeapBlock& entry = share().blocks[place];
  const double like_it = Chance::weight(bytes, mean(), t_own.carried);
  const auto weight =
      static_cast<uint64_t>(like_it * static_cast<double>(std::max<size_t>(bytes, 1)));
  const uint32_t generation = entry.generation.load(std::memory_order_relaxed) | 1;
  const Copy copy{.kind = segment::SampleKind::kHeap,
                  .bytes = bytes,
                  .weight_bytes = weight,
                  .heap_index = place,
                  .heap_generation = generation};
  if (!copy_own_stack(copy)) {
    range_free(block);
    give_place_back(place);
    return nullptr;
  }
  entry.bytes.store(bytes, std::memory_order_relaxed);
  entry.weight_bytes.store(weight, std::memory_order_relaxed);
  // Release: the keeper that sees it live sees its numbers.
  entry.generation.store(generation, std::memory_order_release);
  if (zeroed && dirty) memset(block, 0, bytes);
  return block;
}

}  // namespace

void* sampled_block(size_t bytes, size_t alignment, bool zeroed) noexcept {
  const uint64_t interval =
      !t_own.busy && is_own_process() && has_range() ? segment::heap_interval(share()) : 0;
  if (interval == 0) {
    t_bytes_left = kAskAgainBytes;
    if (!t_own.busy) t_own.interval = 0;
    return nullptr;
  }
  if (t_own.interval != interval) {
    // The first time, or asked for differently: the chance begins anew, this block has its part.
    t_own.interval = interval;
    t_own.carried = 0;
    draw();
    t_bytes_left -= static_cast<int64_t>(std::min<size_t>(bytes, size_t{1} << 40));
    if (t_bytes_left >= 0) return nullptr;
  }
  t_own.busy = true;
  void* const block = take_sample(bytes, alignment, zeroed);
  t_own.busy = false;
  if (block != nullptr) {
    t_own.carried = 0;
  } else {
    // The next chance stands for this one too: so the interval rises while the keeper is too slow.
    share().delayed.fetch_add(1, std::memory_order_relaxed);
    t_own.carried += static_cast<int64_t>(mean());
  }
  keep_pace();
  draw();
  return block;
}

void free_sampled(void* block) noexcept {
  const uint32_t place = range_mark(block);
  if (place != IndexStack::kNone && place < kHeapBlocks && is_own_process()) {
    HeapBlock& entry = share().blocks[place];
    entry.generation.store((entry.generation.load(std::memory_order_relaxed) | 1) + 1,
                           std::memory_order_release);
    range_free(block);
    give_place_back(place);
    return;
  }
  range_free(block);
}

void set_heap_interval(size_t bytes) noexcept {
  if (is_own_process()) segment::set_heap_interval(share(), bytes);
}

bool resize_sampled(void* block, size_t bytes) noexcept {
  const size_t usable = range_usable(block);
  if (bytes > usable || bytes < usable / 4) return false;
  const uint32_t place = range_mark(block);
  if (place == IndexStack::kNone || place >= kHeapBlocks || !is_own_process()) return true;
  // It goes on standing for as many blocks.
  HeapBlock& entry = share().blocks[place];
  const auto before =
      static_cast<double>(std::max<uint64_t>(entry.bytes.load(std::memory_order_relaxed), 1));
  const auto weight = static_cast<double>(entry.weight_bytes.load(std::memory_order_relaxed));
  entry.bytes.store(bytes, std::memory_order_relaxed);
  entry.weight_bytes.store(static_cast<uint64_t>(weight / before * static_cast<double>(bytes)),
                           std::memory_order_relaxed);
  return true;
}

}  // namespace outrigger::profile
