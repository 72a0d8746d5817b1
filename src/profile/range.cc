#include "profile/range.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

namespace outrigger::profile {

constinit std::atomic<uintptr_t> g_range_begin{kNowhere};

namespace {

constexpr size_t kPages = kRangeBytes / kRangePage;
constexpr uint32_t kClasses = 23;  // the largest block is a quarter of the range
// Larger blocks give their pages back when they are freed.
constexpr uint32_t kKeptClassMax = 5;
static_assert(kPages <= UINT32_MAX);

// A page's numbers; only those of a block's first page are used. Page 0 is never given out: 0 means
// none.
struct Page {
  std::atomic<uint32_t> mark;
  std::atomic<uint8_t> size_class;
};

struct Range {
  Page* pages = nullptr;
  std::atomic<uint32_t>* next = nullptr;
  IndexStack free[kClasses];
  std::atomic<uint64_t> fresh{1};  // pages from here on were never given out
};
constinit Range g_range;

void* reserve(size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

uint32_t page_of(const void* block) {
  const uintptr_t begin = g_range_begin.load(std::memory_order_relaxed);
  return static_cast<uint32_t>((reinterpret_cast<uintptr_t>(block) - begin) / kRangePage);
}

uint32_t take_fresh(uint32_t size_class) {
  const uint64_t pages = uint64_t{1} << size_class;
  uint64_t at = g_range.fresh.load(std::memory_order_relaxed);
  for (;;) {
    const uint64_t begin = (at + pages - 1) & ~(pages - 1);
    if (begin + pages > kPages) return IndexStack::kNone;
    if (g_range.fresh.compare_exchange_weak(at, begin + pages, std::memory_order_relaxed))
      return static_cast<uint32_t>(begin);
  }
}

}  // namespace

bool reserve_range() {
  void* const pages = reserve(kPages * sizeof(Page));
  void* const next = reserve(kPages * sizeof(uint32_t));
  void* const range = reserve(kRangeBytes);
  if (pages == nullptr || next == nullptr || range == nullptr) {
    if (pages != nullptr) munmap(pages, kPages * sizeof(Page));
    if (next != nullptr) munmap(next, kPages * sizeof(uint32_t));
    if (range != nullptr) munmap(range, kRangeBytes);
    return false;
  }
  madvise(range, kRangeBytes, MADV_NOHUGEPAGE);  // a sampled block is mostly small
  madvise(range, kRangeBytes, MADV_DONTDUMP);
  g_range.pages = static_cast<Page*>(pages);
  g_range.next = static_cast<std::atomic<uint32_t>*>(next);
  // Release: whoever allocates from it sees the tables.
  g_range_begin.store(reinterpret_cast<uintptr_t>(range), std::memory_order_release);
  return true;
}

void* range_allocate(size_t bytes, size_t alignment, uint32_t mark, bool& dirty) {
  const uintptr_t begin = g_range_begin.load(std::memory_order_acquire);
  if (begin == kNowhere) return nullptr;
  // The range itself is aligned to a page.
  if (alignment > kRangePage) return nullptr;
  const size_t pages = std::max<size_t>(1, bytes / kRangePage + (bytes % kRangePage != 0));
  const auto size_class = static_cast<uint32_t>(std::bit_width(pages - 1));
  if (size_class >= kClasses) return nullptr;
  uint32_t page = g_range.free[size_class].pop(g_range.next);
  dirty = page != IndexStack::kNone && size_class <= kKeptClassMax;
  if (page == IndexStack::kNone) page = take_fresh(size_class);
  if (page == IndexStack::kNone) return nullptr;
  g_range.pages[page].mark.store(mark, std::memory_order_relaxed);
  g_range.pages[page].size_class.store(static_cast<uint8_t>(size_class), std::memory_order_relaxed);
  return reinterpret_cast<void*>(begin + page * kRangePage);
}

uint32_t range_mark(const void* block) {
  return g_range.pages[page_of(block)].mark.load(std::memory_order_relaxed);
}

size_t range_usable(const void* block) {
  return kRangePage << g_range.pages[page_of(block)].size_class.load(std::memory_order_relaxed);
}

void range_free(void* block) {
  const uint32_t page = page_of(block);
  const uint32_t size_class = std::min<uint32_t>(
      g_range.pages[page].size_class.load(std::memory_order_relaxed), kClasses - 1);
  if (size_class > kKeptClassMax) madvise(block, kRangePage << size_class, MADV_DONTNEED);
  g_range.free[size_class].push(g_range.next, page);
}

}  // namespace outrigger::profile
