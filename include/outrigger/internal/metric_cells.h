// What an update of a metric compiles to: one addition to a cell that belongs to the calling thread
// alone. No lock, no allocation, no system call, no locked instruction. Everything unusual (a
// thread's first update, no shard left for it, a child of fork(), an octave's first value) is a slow
// path in src/metrics/cells.cc.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace outrigger::internal {

// Where a thread's updates go. Lies in memory that the kernel wipes in children of fork(): there
// all is null, and the slow path finds out.
struct alignas(64) MetricWriter {
  char* cells;                       // of the thread's own shard; null: it has none
  char* shared;                      // of the shard for gauges, and for threads without one
  std::atomic<uint32_t>* directory;  // by row and octave: where the block of buckets is; 0: nowhere
  char* blocks;
  uint32_t shard;
};

// Never null: a thread that has not updated anything shares a blank one.
extern constinit thread_local MetricWriter* t_metrics __attribute__((tls_model("initial-exec")));

// A histogram has 64 buckets for each octave from 2^-32 to 2^64: a bucket's middle is at most 1/128
// (0.78 %) away from any value in it.
inline constexpr uint32_t kOctaves = 96;
inline constexpr uint32_t kOctaveBuckets = 64;
inline constexpr int kLowestExponent = -32;
inline constexpr int kBucketShift = 52 - 6;  // of a double's bits: exponent and 6 bits of mantissa
inline constexpr uint64_t kFirstBucket = static_cast<uint64_t>(1023 + kLowestExponent) << 6;
inline constexpr uint64_t kBuckets = uint64_t{kOctaves} * kOctaveBuckets;

// One instruction where the processor has it, so that a signal handler's update of the same cell is
// not lost.
[[gnu::always_inline]] inline void add_own(char* cell, uint64_t n) noexcept {
#if defined(__x86_64__)
  asm volatile("addq %1, %0" : "+m"(*reinterpret_cast<uint64_t*>(cell)) : "er"(n) : "cc");
#else
  reinterpret_cast<std::atomic<uint64_t>*>(cell)->fetch_add(n, std::memory_order_relaxed);
#endif
}
// The bits of a double. A handler's observation of the same histogram may be missing from the sum.
[[gnu::always_inline]] inline void add_own(char* cell, double value) noexcept {
  auto* bits = reinterpret_cast<std::atomic<uint64_t>*>(cell);
  const double sum = std::bit_cast<double>(bits->load(std::memory_order_relaxed)) + value;
  bits->store(std::bit_cast<uint64_t>(sum), std::memory_order_relaxed);
}

// `at`: the cell's offset within a shard. 0 is the cell for updates that have no place.
void add_slow(uint32_t at, uint64_t n) noexcept;
void set_slow(uint32_t at, double value) noexcept;
void change_gauge(uint32_t at, double by) noexcept;
void observe_many(uint32_t at, uint32_t row, double value, uint64_t times) noexcept;
inline void observe_slow(uint32_t at, uint32_t row, double value) noexcept {
  observe_many(at, row, value, 1);
}
void add_to_sum(uint32_t at, double by) noexcept;
uint64_t cell_sum(uint32_t at) noexcept;
double gauge_value(uint32_t at) noexcept;

// How much memory a program's metrics may take. Zero of a field means its default.
struct MetricBudget {
  uint32_t series = 0;          // distinct sets of name and dimensions; a histogram counts twice
  uint32_t threads = 0;         // that have a shard of their own; more share one
  uint32_t dimension_sets = 0;  // made by calls that give the dimensions, in the whole service
  uint32_t values_a_key = 0;    // of one dimension
};

}  // namespace outrigger::internal
