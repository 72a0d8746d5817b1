// One sample: registers and the top of a stack into a free cell of the segment. Only for a process
// of which is_own_process() is true.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "segment/samples.h"

namespace outrigger::profile {

struct Copy {
  segment::SampleKind kind;
  uint64_t weight_ns = 0;
  uint64_t bytes = 0;
  uint64_t weight_bytes = 0;
  uint32_t heap_index = 0;
  uint32_t heap_generation = 0;
  segment::WaitKind wait = segment::WaitKind::kLock;
  uint64_t wait_count = 0;
};

// From a signal handler's `context` (a ucontext_t). Async-signal-safe. False when no cell is free.
bool copy_sample(const Copy& copy, const void* context);

// The calling thread's own stack, as it is in the call. Makes no system call on a stack whose bounds
// are known: the main thread's, and those of which tell_own_stack() was told.
bool copy_own_stack(const Copy& copy);

// The calling thread's stack is one that pthread_create has made or was given; so many bytes of it
// may be used at least.
void tell_own_stack(size_t usable);

}  // namespace outrigger::profile
