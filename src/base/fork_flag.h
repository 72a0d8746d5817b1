// Tells a process from its forked children, for the price of one load: memory that the kernel wipes
// in a child, by whatever system call the child was made. For code that must not touch the segment
// where it is not mapped.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>

namespace outrigger::base {

// Reads 1 in the process that called this first, 0 in its forked children for ever. nullptr when
// there is no memory for it, or a kernel older than 4.14. Any thread.
inline const std::atomic<uint32_t>* fork_flag() {
  static const std::atomic<uint32_t>* const flag = []() -> const std::atomic<uint32_t>* {
    constexpr size_t kBytes = 4096;  // the kernel rounds it up to its page
    void* page = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return nullptr;
    if (madvise(page, kBytes, MADV_WIPEONFORK) != 0) {
      munmap(page, kBytes);
      return nullptr;
    }
    return new (page) std::atomic<uint32_t>(1);
  }();
  return flag;
}

}  // namespace outrigger::base
