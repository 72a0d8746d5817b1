// The slow paths of updates: a thread's first one, which takes a shard for it; threads that found
// none; a histogram's first value of an octave.
#include <pthread.h>
#include <sys/mman.h>

#include <cmath>
#include <new>
#include <utility>

#include "metrics/store.h"

namespace outrigger::internal {
namespace {

constinit MetricWriter g_blank{};

}  // namespace

constinit thread_local MetricWriter* t_metrics = &g_blank;

}  // namespace outrigger::internal

namespace outrigger::metrics {
namespace {

using internal::MetricWriter;

constinit std::atomic<Store*> g_store{nullptr};

// Of the calling thread.
struct Mine {
  Store* store = nullptr;
  uint32_t shard = 0;
  bool ended = false;  // its end has been told
};
constinit thread_local Mine t_mine{};

void* private_memory(size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

size_t directory_bytes(const segment::MetricLayout& layout) {
  return segment::page_up(size_t{layout.series} * internal::kOctaves *
                          sizeof(std::atomic<uint32_t>));
}

void end_thread(void*) {
  Mine& mine = t_mine;
  mine.ended = true;
  if (mine.shard == 0) return;
  internal::t_metrics = &internal::g_blank;
  const uint32_t shard = std::exchange(mine.shard, 0);
  if (!mine.store->lives()) return;
  // Release: pairs with the acquire of the thread that takes it; our additions are done.
  mine.store->taken[shard].store(0, std::memory_order_release);
  mine.store->free_shards.fetch_add(1, std::memory_order_relaxed);
}

// The key is made by whoever is first; without one a thread's shard is not used again.
pthread_key_t* end_key() {
  static pthread_key_t key;
  static const bool made = pthread_key_create(&key, end_thread) == 0;
  return made ? &key : nullptr;
}

bool take_shard(Store& store) {
  for (uint32_t i = 1; i < store.share.layout.shards; ++i) {
    uint8_t expected = 0;
    if (store.taken[i].load(std::memory_order_relaxed) != 0 ||
        // Acquire: pairs with the release in end_thread().
        !store.taken[i].compare_exchange_strong(expected, 1, std::memory_order_acquire))
      continue;
    store.free_shards.fetch_sub(1, std::memory_order_relaxed);
    MetricWriter& writer = store.writers[i];
    if (writer.cells == nullptr) {
      writer.directory =
          static_cast<std::atomic<uint32_t>*>(private_memory(directory_bytes(store.share.layout)));
      writer.blocks = store.share.blocks();
      writer.shared = store.share.shard(0);
      writer.shard = i;
      writer.cells = store.share.shard(i);
    }
    std::atomic<uint32_t>& shards = store.share.head().shards;
    for (uint32_t seen = shards.load(std::memory_order_relaxed); seen <= i;) {
      if (shards.compare_exchange_weak(seen, i + 1, std::memory_order_relaxed)) break;
    }
    t_mine.store = &store;
    t_mine.shard = i;
    internal::t_metrics = &writer;
    if (const pthread_key_t* key = end_key()) pthread_setspecific(*key, &t_mine);
    return true;
  }
  return false;
}

// The store, with the thread's writer set; nullptr in a child of fork(), and where there is none.
Store* ready_store() noexcept {
  Store* const store = g_store.load(std::memory_order_acquire);
  if (store == nullptr || !store->lives()) return nullptr;
  Mine& mine = t_mine;
  if (mine.shard != 0 && mine.store == store) return store;
  if (!mine.ended && store->free_shards.load(std::memory_order_relaxed) != 0 && take_shard(*store))
    return store;
  internal::t_metrics = &store->writers[0];
  return store;
}

std::atomic<uint64_t>& cell(char* shard, size_t at) {
  return *reinterpret_cast<std::atomic<uint64_t>*>(shard + at);
}

void add_shared(std::atomic<uint64_t>& bits, double value) {
  uint64_t seen = bits.load(std::memory_order_relaxed);
  while (!bits.compare_exchange_weak(seen,
                                     std::bit_cast<uint64_t>(std::bit_cast<double>(seen) + value),
                                     std::memory_order_relaxed)) {
  }
}

// 0 when there is none left. The block's owner is published before anything is counted in it.
uint32_t take_block(Store& store, std::atomic<uint32_t>& entry, uint32_t row, uint32_t octave) {
  if (store.blocks.load(std::memory_order_relaxed) >= store.share.layout.blocks) return 0;
  const uint32_t index = store.blocks.fetch_add(1, std::memory_order_relaxed);
  // Block 0's offset would mean none.
  if (index == 0) return take_block(store, entry, row, octave);
  if (index >= store.share.layout.blocks) return 0;
  store.share.owner(index).store(segment::block_owner(row / internal::kOctaves, octave),
                                 std::memory_order_release);
  // Another thread may have published a later one already: it must stay so.
  std::atomic<uint32_t>& blocks = store.share.head().blocks;
  for (uint32_t seen = blocks.load(std::memory_order_relaxed); seen <= index;) {
    if (blocks.compare_exchange_weak(seen, index + 1, std::memory_order_release)) break;
  }
  uint32_t found = 0;
  const auto at = static_cast<uint32_t>(index * segment::kBlockBytes);
  // In shard 0 another thread may have been faster; then its block counts, and ours stays empty.
  return entry.compare_exchange_strong(found, at, std::memory_order_relaxed) ? at : found;
}

}  // namespace

Store* store() noexcept { return g_store.load(std::memory_order_acquire); }

void use_store(Store* store) noexcept {
  g_store.store(store, std::memory_order_release);
  t_mine.shard = 0;
  internal::t_metrics = &internal::g_blank;
}

Store* make_store(segment::View view) {
  const segment::MetricLayout layout = segment::metric_layout();
  char* const base =
      view ? view.base() + segment::kMetricsAt : static_cast<char*>(private_memory(layout.bytes()));
  const size_t writer_bytes = segment::page_up((layout.shards + 1) * sizeof(MetricWriter));
  void* const memory = base == nullptr ? nullptr : private_memory(writer_bytes);
  void* const directory = memory == nullptr ? nullptr : private_memory(directory_bytes(layout));
  if (directory == nullptr) return nullptr;
  // Where the kernel cannot wipe it a child would write into what is not mapped: no metrics then.
  if (view && madvise(memory, writer_bytes, MADV_WIPEONFORK) != 0) return nullptr;
  // Never given back, when another takes its place: a thread may be in the midst of an update.
  void* const place = private_memory(segment::page_up(sizeof(Store)));
  if (place == nullptr) return nullptr;
  auto* const store = new (place) Store;
  store->share = {base, layout};
  store->writers = static_cast<MetricWriter*>(memory);
  store->alive = new (store->writers + layout.shards) std::atomic<uint32_t>(1);
  store->shared_directory = static_cast<std::atomic<uint32_t>*>(directory);
  store->writers[0].shared = store->share.shard(0);
  store->free_shards.store(layout.shards - 1, std::memory_order_relaxed);
  store->in_segment = static_cast<bool>(view);
  uint32_t none = 0;
  store->share.head().shards.compare_exchange_strong(none, 1, std::memory_order_relaxed);
  return store;
}

}  // namespace outrigger::metrics

namespace outrigger::internal {

using metrics::cell;
using metrics::Store;

void add_slow(uint32_t at, uint64_t n) noexcept {
  Store* const store = metrics::ready_store();
  if (store == nullptr) return;
  if (t_metrics->cells != nullptr) return add_own(t_metrics->cells + at, n);
  cell(store->share.shard(0), at).fetch_add(n, std::memory_order_relaxed);
}

void set_slow(uint32_t at, double value) noexcept {
  Store* const store = metrics::ready_store();
  if (store == nullptr) return;
  if (at == 0) return add_slow(0, 1);
  cell(store->share.shard(0), at).store(std::bit_cast<uint64_t>(value), std::memory_order_relaxed);
}

void change_gauge(uint32_t at, double by) noexcept {
  Store* const store = metrics::ready_store();
  if (store == nullptr) return;
  if (at == 0) return add_slow(0, 1);
  std::atomic<uint64_t>& bits = cell(store->share.shard(0), at);
  uint64_t seen = bits.load(std::memory_order_relaxed);
  for (;;) {
    const double now = std::bit_cast<double>(seen);
    const double then = std::isnan(now) ? by : now + by;
    if (bits.compare_exchange_weak(seen, std::bit_cast<uint64_t>(then), std::memory_order_relaxed))
      return;
  }
}

void observe_many(uint32_t at, uint32_t row, double value, uint64_t times) noexcept {
  Store* const store = metrics::ready_store();
  if (store == nullptr) return;
  if (at == 0) return add_slow(0, times);
  if (!(value >= 0 && value < 0x1p64)) {
    store->share.head().refused_values.fetch_add(times, std::memory_order_relaxed);
    return;
  }
  const MetricWriter& writer = *t_metrics;
  char* const own = writer.cells;
  if (value < std::ldexp(1.0, kLowestExponent)) return add_slow(at, times);
  const uint64_t bucket = (std::bit_cast<uint64_t>(value) >> kBucketShift) - kFirstBucket;
  const auto octave = static_cast<uint32_t>(bucket / kOctaveBuckets);
  std::atomic<uint32_t>* const directory =
      own != nullptr ? writer.directory : store->shared_directory;
  if (directory == nullptr) {
    store->share.head().refused_values.fetch_add(times, std::memory_order_relaxed);
    return;
  }
  std::atomic<uint32_t>& entry = directory[row + octave];
  uint32_t block = entry.load(std::memory_order_relaxed);
  if (block == 0) block = metrics::take_block(*store, entry, row, octave);
  if (block == 0) {
    store->share.head().refused_values.fetch_add(times, std::memory_order_relaxed);
    return;
  }
  char* const to = store->share.blocks() + block + bucket % kOctaveBuckets * sizeof(uint64_t);
  const double sum = value * static_cast<double>(times);
  if (own != nullptr) {
    add_own(to, times);
    add_own(own + at + 8, sum);
  } else {
    cell(to, 0).fetch_add(times, std::memory_order_relaxed);
    metrics::add_shared(cell(store->share.shard(0), at + 8), sum);
  }
}

void add_to_sum(uint32_t at, double by) noexcept {
  Store* const store = metrics::ready_store();
  if (store == nullptr || at == 0 || !std::isfinite(by)) return;
  if (t_metrics->cells != nullptr) return add_own(t_metrics->cells + at + 8, by);
  metrics::add_shared(cell(store->share.shard(0), at + 8), by);
}

uint64_t cell_sum(uint32_t at) noexcept {
  Store* const store = metrics::store();
  if (at == 0 || store == nullptr || !store->lives()) return 0;
  const uint32_t shards = std::min(store->share.head().shards.load(std::memory_order_relaxed),
                                   store->share.layout.shards);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < shards; ++i)
    sum += cell(store->share.shard(i), at).load(std::memory_order_relaxed);
  return sum;
}

double gauge_value(uint32_t at) noexcept {
  Store* const store = metrics::store();
  if (at == 0 || store == nullptr || !store->lives()) return NAN;
  return std::bit_cast<double>(cell(store->share.shard(0), at).load(std::memory_order_relaxed));
}

}  // namespace outrigger::internal
