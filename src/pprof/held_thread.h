// A thread of another process, held by ptrace for as long as it takes to copy its registers and the
// top of its stack. To be used by one thread alone, which should end soon after: the kernel then
// lets go of whatever it holds still.
#pragma once

#include <cstdint>

#include "segment/sample_reader.h"

namespace outrigger::pprof {

struct Held {
  int error = 0;        // errno; 0: `sample` holds the stack
  int64_t held_ns = 0;  // how long the thread stood still
};

Held copy_stack_of(int pid, int32_t thread_id, segment::Sample& sample);

}  // namespace outrigger::pprof
