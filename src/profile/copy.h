// One sample: from a signal handler's context into a free cell of the segment. Async-signal-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "segment/samples.h"

namespace outrigger::profile {

struct Copy {
  segment::View view;
  segment::SampleKind kind;
  pid_t pid;           // this process
  uintptr_t main_top;  // where the main thread's stack ends, as far as it is of interest
  uint64_t weight_ns = 0;
  uint64_t bytes = 0;
  uint64_t weight_bytes = 0;
  uint32_t heap_index = 0;
  uint32_t heap_generation = 0;
};

// `context`: a ucontext_t. False when no cell is free; that is counted.
bool copy_sample(const Copy& copy, const void* context);

}  // namespace outrigger::profile
