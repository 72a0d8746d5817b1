// The memory that a process's metrics lie in, and who owns which shard of it.
#pragma once

#include <atomic>
#include <cstdint>

#include "outrigger/internal/metric_cells.h"
#include "segment/metrics.h"

namespace outrigger::metrics {

// Made once and never taken away: handles in other objects' destructors stay usable.
struct Store {
  segment::MetricShare share{};
  // Writers lie in memory that is wiped in children of fork() when the share is not mapped there.
  internal::MetricWriter* writers = nullptr;          // [shard]; 0: for threads without a shard
  std::atomic<uint32_t>* alive = nullptr;             // reads 0 in such a child; beside the writers
  std::atomic<uint32_t>* shared_directory = nullptr;  // of shard 0
  std::atomic<uint8_t> taken[255] = {};               // by shard
  std::atomic<uint32_t> free_shards{0};
  std::atomic<uint32_t> blocks{0};  // taken; never read back from shared memory
  bool in_segment = false;

  bool lives() const { return alive->load(std::memory_order_relaxed) != 0; }
};

// nullptr when there is no memory for it. `view` empty: memory of the process's own.
Store* make_store(segment::View view);

// The one in use, or nullptr while no metric was made.
Store* store() noexcept;
void use_store(Store* store) noexcept;

}  // namespace outrigger::metrics
