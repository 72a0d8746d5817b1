// Sampled allocations: about one in every so many bytes (512 KiB in the mean, set by the keeper) is
// given a place in the segment's table of live blocks, and its call stack is copied as a CPU
// sample's is. interpose_heap.cc calls this from malloc and free.
//
// Any thread. In a child of fork() nothing is sampled.
#pragma once

#include <cstddef>
#include <cstdint>

namespace outrigger::profile {

// Bytes that the calling thread may yet allocate before an allocation is sampled. The fast path
// subtracts; below zero it asks sampled_block(). This room is linked into the program's own file,
// whose thread-local variables lie at fixed distances: one instruction subtracts.
[[gnu::tls_model("local-exec")]] extern constinit thread_local int64_t t_bytes_left;

// Called when t_bytes_left has fallen below zero. A block for the program when this allocation is
// sampled, nullptr when it is to come from the program's own allocator. `zeroed`: as calloc.
[[gnu::cold]] void* sampled_block(size_t bytes, size_t alignment, bool zeroed) noexcept;

// For blocks in the range (range.h).
void free_sampled(void* block) noexcept;
// True when the block now counts with so many bytes; false when it must move.
bool resize_sampled(void* block, size_t bytes) noexcept;

}  // namespace outrigger::profile

// Defined beside the hooks of malloc, so that its presence tells that the program is linked with
// them.
extern "C" [[gnu::weak]] const char outrigger_heap_hooks;
