// N pairs of malloc and free through the hooks, over an allocator of one instruction each: what is left
// is what the hooks themselves take while nothing is sampled.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

alignas(64) char g_block[64];  // not at a page's begin

}  // namespace

extern "C" {

void* __wrap_malloc(size_t bytes);
void __wrap_free(void* block);

void* __real_malloc(size_t) { return g_block + 16; }
void __real_free(void*) {}
// The other hooks are linked as well, and not called.
void* __real_calloc(size_t, size_t) { abort(); }
void* __real_realloc(void*, size_t) { abort(); }
void* __real_memalign(size_t, size_t) { abort(); }
void* __real_aligned_alloc(size_t, size_t) { abort(); }
int __real_posix_memalign(void**, size_t, size_t) { abort(); }
size_t __real_malloc_usable_size(void*) { abort(); }
}

int main(int, char** argv) {
  const uint64_t calls = strtoull(argv[1], nullptr, 10);
  for (uint64_t i = 0; i < calls; ++i) __wrap_free(__wrap_malloc(16));
  return 0;
}
