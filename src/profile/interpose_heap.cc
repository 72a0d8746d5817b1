// malloc and its family as services see them: outrigger_add_service links static files with --wrap
// for each of these names, dynamic ones with these in their place, so that every allocation of the
// program and its libraries passes here, whatever allocator the program uses. operator new and strdup come by malloc.
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "profile/heap.h"
#include "profile/range.h"

extern "C" {
void* __wrap_malloc(size_t bytes);
void* __real_malloc(size_t bytes);
void* __real_calloc(size_t count, size_t bytes);
void* __real_realloc(void* block, size_t bytes);
void __real_free(void* block);
void* __real_memalign(size_t alignment, size_t bytes);
void* __real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void** block, size_t alignment, size_t bytes);
// Not every allocator has these two; asked for strongly, they would bring the C library's beside it.
[[gnu::weak]] void* __real_valloc(size_t bytes);
[[gnu::weak]] void* __real_pvalloc(size_t bytes);
size_t __real_malloc_usable_size(void* block);
}

namespace outrigger::profile {
namespace {

// The fast paths below are leaves that end in a jump: subtract and branch in malloc, test and branch
// in free (docs/decisions/2026-11-24-heap-hooks.md). Where it is written out, the branch itself goes to
// the program's allocator: a compiler would branch around a jump.
inline bool is_met(size_t bytes) {
  return __builtin_expect((t_bytes_left -= static_cast<int64_t>(bytes)) < 0, 0);
}

// Where the program's allocator would put a block: nullptr unless this one is sampled.
void* sampled_aligned(size_t alignment, size_t bytes) {
  if (!is_met(bytes) || (alignment & (alignment - 1)) != 0) return nullptr;
  return sampled_block(bytes, alignment, false);
}

void* move(void* block, size_t bytes, size_t usable_before) {
  void* const moved = __wrap_malloc(bytes);
  if (moved == nullptr) return nullptr;
  memcpy(moved, block, std::min(bytes, usable_before));
  free_sampled(block);
  return moved;
}

}  // namespace

// Of this namespace like all that a sample's stack does not show.
[[gnu::cold, gnu::used, gnu::visibility("hidden")]] void* sampled_malloc(size_t bytes) {
  void* const block = sampled_block(bytes, 1, false);
  return block != nullptr ? block : __real_malloc(bytes);
}

[[gnu::cold, gnu::used, gnu::visibility("hidden")]] void free_page(void* block) {
  if (in_range(block)) return free_sampled(block);
  __real_free(block);
}

extern "C" {

extern const char outrigger_heap_hooks = 1;

#if defined(__x86_64__)
static_assert(kRangePage == 0x1000);
// In 32 bytes that begin at a multiple: one line of the cache each.
[[gnu::naked, gnu::aligned(32)]] void* __wrap_malloc(size_t) {
  asm("subq %rdi, %fs:_ZN9outrigger7profile12t_bytes_leftE@tpoff\n\t"
      "jns __real_malloc@PLT\n\t"
      "jmp _ZN9outrigger7profile14sampled_mallocEm");
}

[[gnu::naked, gnu::aligned(32)]] void __wrap_free(void*) {
  asm("testl $0xfff, %edi\n\t"
      "jne __real_free@PLT\n\t"
      "jmp _ZN9outrigger7profile9free_pageEPv");
}
#else
void* __wrap_malloc(size_t bytes) {
  if (is_met(bytes)) return sampled_malloc(bytes);
  return __real_malloc(bytes);
}

void __wrap_free(void* block) {
  if (__builtin_expect(may_be_in_range(block), 0)) return free_page(block);
  __real_free(block);
}
#endif

void* __wrap_calloc(size_t count, size_t bytes) {
  size_t all;
  if (__builtin_mul_overflow(count, bytes, &all)) return __real_calloc(count, bytes);
  if (is_met(all)) {
    if (void* const block = sampled_block(all, 1, true)) return block;
  }
  return __real_calloc(count, bytes);
}

void* __wrap_realloc(void* block, size_t bytes) {
  if (block == nullptr) return __wrap_malloc(bytes);
  if (__builtin_expect(may_be_in_range(block), 0) && in_range(block)) {
    if (bytes == 0) {
      free_sampled(block);
      return nullptr;
    }
    if (resize_sampled(block, bytes)) return block;
    return move(block, bytes, range_usable(block));
  }
  if (bytes != 0 && is_met(bytes)) {
    if (void* const moved = sampled_block(bytes, 1, false)) {
      memcpy(moved, block, std::min(bytes, __real_malloc_usable_size(block)));
      __real_free(block);
      return moved;
    }
  }
  return __real_realloc(block, bytes);
}

void* __wrap_memalign(size_t alignment, size_t bytes) {
  void* const block = sampled_aligned(alignment, bytes);
  return block != nullptr ? block : __real_memalign(alignment, bytes);
}

void* __wrap_aligned_alloc(size_t alignment, size_t bytes) {
  void* const block = sampled_aligned(alignment, bytes);
  return block != nullptr ? block : __real_aligned_alloc(alignment, bytes);
}

int __wrap_posix_memalign(void** block, size_t alignment, size_t bytes) {
  if (alignment >= sizeof(void*)) {
    if (void* const sampled = sampled_aligned(alignment, bytes)) {
      *block = sampled;
      return 0;
    }
  }
  return __real_posix_memalign(block, alignment, bytes);
}

void* __wrap_valloc(size_t bytes) {
  void* const block = sampled_aligned(kRangePage, bytes);
  if (block != nullptr) return block;
  return __real_valloc != nullptr ? __real_valloc(bytes) : __real_memalign(kRangePage, bytes);
}

// Rounded up to pages, as sampled blocks are anyway.
void* __wrap_pvalloc(size_t bytes) {
  void* const block = sampled_aligned(kRangePage, bytes);
  if (block != nullptr) return block;
  return __real_pvalloc != nullptr ? __real_pvalloc(bytes) : __real_memalign(kRangePage, bytes);
}

size_t __wrap_malloc_usable_size(void* block) {
  return in_range(block) ? range_usable(block) : __real_malloc_usable_size(block);
}
}

}  // namespace outrigger::profile
