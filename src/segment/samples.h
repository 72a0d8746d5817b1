// The sample share of the segment: stacks as the service's signal handler copied them, and what the
// keeper asks of it.
//
//   SampleShare   what is asked (keeper), what came of it and the cells' states (service)
//   HeapShare     sampled blocks that are live
//   cells         kSampleCells, each a SampleHeader and up to kStackBytesMax bytes of a stack
//
// A cell's life: free -> writing (a handler) -> full -> free (the keeper has copied it). A handler
// takes the first free cell, so that a keeper that keeps up touches few pages. A writer that dies
// leaves its cell in "writing" for good; nobody waits for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "segment/layout.h"

namespace outrigger::segment {

inline constexpr size_t kSampleCells = 96;
inline constexpr size_t kStackBytesMax = 64u << 10;
inline constexpr uint32_t kSampleHzMax = 1000;

// In the order of DWARF's numbers, the program counter last.
#if defined(__x86_64__)
inline constexpr size_t kRegisters = 17;
inline constexpr size_t kStackRegister = 7;
#elif defined(__aarch64__)
inline constexpr size_t kRegisters = 33;
inline constexpr size_t kStackRegister = 31;
#endif
inline constexpr size_t kPcRegister = kRegisters - 1;

enum class SampleKind : uint32_t { kCpu = 1, kStack = 2, kHeap = 3, kWait = 4, kWall = 5 };
enum class WaitKind : uint32_t { kLock = 1, kOther = 2 };  // mutexes and rwlocks, or all else

struct SampleHeader {
  uint32_t kind;  // SampleKind
  int32_t thread_id;
  uint32_t asked;  // SampleShare::asked when it was taken
  uint32_t stack_bytes;
  uint64_t stack_at;      // address of the first byte of the copied stack
  uint64_t weight_ns;     // kCpu, kWall: the thread's time on that clock since its last sample;
                          // kWait: the length of all waits that it stands for
  uint64_t bytes;         // kHeap: of the block
  uint64_t weight_bytes;  // kHeap: of all blocks that it stands for
  uint32_t heap_index;    // kHeap: its place in the table, and that place's generation
  uint32_t heap_generation;
  uint32_t wait;         // WaitKind
  uint32_t label_bytes;  // of the thread's labels, at kSampleLabelsAt
  uint64_t wait_count;   // kWait: how many these are
  uint64_t registers[kRegisters];
};
// Of a cell. Labels: a byte with the key's length, one with the value's, both texts; and so on.
inline constexpr size_t kSampleLabelsAt = 512;
inline constexpr size_t kLabelBytesMax = 512;
inline constexpr size_t kSampleStackAt = kSampleLabelsAt + kLabelBytesMax;
inline constexpr size_t kSampleCellBytes = kPage + kStackBytesMax;
static_assert(sizeof(SampleHeader) <= kSampleLabelsAt);
static_assert(kSampleStackAt + kStackBytesMax <= kSampleCellBytes);

enum class SampleState : uint32_t { kFree = 0, kWriting, kFull };

// Why the service does not do what was asked.
enum class SampleRefusal : uint32_t { kNone = 0, kSignalTaken, kNoTimers };

// The clocks whose ticks samples are taken at: each thread's CPU time, or everyone's.
enum class TickClock : uint32_t { kCpu = 0, kWall = 1 };
inline constexpr size_t kTickClocks = 2;

struct SampleShare {
  // The keeper's: `asked` grows after the fields below it were set, then the service's bell rings.
  std::atomic<uint32_t> asked;
  std::atomic<uint32_t> hz[kTickClocks];    // 0: no ticks of this clock
  std::atomic<uint32_t> record_only;        // 1: CPU ticks are for the record alone
  std::atomic<uint32_t> stacks;             // grows by one: each thread is to copy its stack once
  std::atomic<uint32_t> record_hz_set;      // 1 + Hz; 0: kRecordHz. The service's wish
  std::atomic<uint64_t> wait_interval_set;  // 1 + ns, 1: no waits are sampled; 0: kWaitInterval
  // The service's.
  alignas(64) std::atomic<uint32_t> applied;  // the last `asked` that it has acted upon
  std::atomic<uint32_t> refusal;              // SampleRefusal
  std::atomic<uint32_t> stacks_sent;          // threads that were told to copy their stacks
  alignas(64) std::atomic<uint64_t> taken;    // grows after a cell was filled
  std::atomic<uint64_t> dropped;              // no cell was free
  std::atomic<uint64_t> unreadable;           // the kernel would not let the stack be copied
  std::atomic<uint64_t> threads_missed;       // no room in the table of timers
  alignas(64) std::atomic<uint32_t> states[kSampleCells];  // SampleState
};

inline constexpr uint32_t kRecordHz = 10;
inline constexpr uint64_t kWaitInterval = 10'000'000;  // ns of waiting, in the mean
inline constexpr uint64_t kWaitIntervalMax = uint64_t{1} << 40;

// Sampled blocks that are live. It survives the service; the keeper knows each one's stack.
inline constexpr size_t kHeapBlocks = 1u << 16;
inline constexpr uint64_t kHeapInterval = 512u << 10;  // bytes, in the mean
inline constexpr uint64_t kHeapIntervalMax = uint64_t{1} << 40;

struct HeapBlock {
  // Odd while the block is live; grows by one when it is allocated, and again when it is freed.
  std::atomic<uint32_t> generation;
  uint32_t reserved;
  std::atomic<uint64_t> bytes;
  std::atomic<uint64_t> weight_bytes;
};
struct HeapShare {
  std::atomic<uint64_t> interval_set;  // 1 + bytes, 1: nothing is sampled; 0: kHeapInterval
  // The service's. ServiceState::heap_hooked tells whether it has any.
  alignas(64) std::atomic<uint32_t> no_range;  // 1: there was no address space for sampled blocks
  std::atomic<uint32_t> used;                  // places of the table that were ever in use
  std::atomic<uint64_t> delayed;               // samples put off: no cell, no place, or no room
  HeapBlock blocks[kHeapBlocks];
};

inline constexpr size_t kSampleCellsAt = kSamplesAt + page_up(sizeof(SampleShare));
inline constexpr size_t kSampleEnd = kSampleCellsAt + kSampleCells * kSampleCellBytes;
inline constexpr size_t kHeapAt = page_up(kSampleEnd);
static_assert(kHeapAt + sizeof(HeapShare) <= kSamplesAt + kSampleBytes);

inline SampleShare& samples(const View& view) {
  return *reinterpret_cast<SampleShare*>(view.base() + kSamplesAt);
}
inline HeapShare& heap(const View& view) {
  return *reinterpret_cast<HeapShare*>(view.base() + kHeapAt);
}
inline uint64_t heap_interval(const HeapShare& share) {
  const uint64_t set = share.interval_set.load(std::memory_order_relaxed);
  return set == 0 ? kHeapInterval : set - 1;
}
inline void set_heap_interval(HeapShare& share, uint64_t bytes) {
  share.interval_set.store(bytes < kHeapIntervalMax ? bytes + 1 : kHeapIntervalMax,
                           std::memory_order_relaxed);
}
inline uint32_t record_hz(const SampleShare& share) {
  const uint32_t set = share.record_hz_set.load(std::memory_order_relaxed);
  return set == 0 ? kRecordHz : set - 1 < kSampleHzMax ? set - 1 : kSampleHzMax;
}
inline void set_record_hz(SampleShare& share, uint32_t hz) {
  share.record_hz_set.store(hz < kSampleHzMax ? hz + 1 : kSampleHzMax + 1,
                            std::memory_order_relaxed);
}
inline uint64_t wait_interval(const SampleShare& share) {
  const uint64_t set = share.wait_interval_set.load(std::memory_order_relaxed);
  return set == 0 ? kWaitInterval : set - 1;
}
inline void set_wait_interval(SampleShare& share, uint64_t ns) {
  share.wait_interval_set.store(ns < kWaitIntervalMax ? ns + 1 : kWaitIntervalMax,
                                std::memory_order_relaxed);
}
inline char* sample_cell(const View& view, size_t index) {
  return view.base() + kSampleCellsAt + index * kSampleCellBytes;
}

}  // namespace outrigger::segment
