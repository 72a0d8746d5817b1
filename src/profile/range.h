// Sampled blocks lie in an address range of their own, so that free() tells them from all others by
// their address: nearly all by its last bits, since a sampled block begins at a page. It takes whole
// pages, rounded up to a power of two; of these the kernel provides what is touched.
//
// Any thread; no lock. In a child of fork() it goes on working with the child's own copy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "profile/index_stack.h"

namespace outrigger::profile {

inline constexpr size_t kRangePage = 4096;
inline constexpr size_t kRangeBytes = size_t{64} << 30;
// No program has an address from here on: nothing lies in a range that was not reserved.
inline constexpr uintptr_t kNowhere = uintptr_t{1} << 62;

// False for all but a few blocks; no load.
inline bool may_be_in_range(const void* block) {
  return reinterpret_cast<uintptr_t>(block) % kRangePage == 0;
}

extern std::atomic<uintptr_t> g_range_begin;

inline bool in_range(const void* block) {
  return reinterpret_cast<uintptr_t>(block) - g_range_begin.load(std::memory_order_relaxed) <
         kRangeBytes;
}

// To be called once. False when there is no address space for it.
bool reserve_range();

// nullptr when it does not fit. Aligned to a page, or to `alignment` (a power of two) if that is
// more. `dirty`: the memory may hold what was there before.
void* range_allocate(size_t bytes, size_t alignment, uint32_t mark, bool& dirty);
// The mark of a block that is allocated.
uint32_t range_mark(const void* block);
// Bytes that may be used.
size_t range_usable(const void* block);
void range_free(void* block);

}  // namespace outrigger::profile
