// One segment for the whole test program, as a process has.
#pragma once

#include <sys/mman.h>

#include "profile/process.h"

namespace outrigger::profile {

inline segment::View shared_view() {
  static void* const base = [] {
    void* memory = mmap(nullptr, segment::kBytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    attach_process(segment::View(memory));
    return memory;
  }();
  return segment::View(base);
}

}  // namespace outrigger::profile
