// What the samplers of this room have in common: the segment, and whose process this is.
//
// attach_process() comes once, before other threads start, and does next to nothing: what a sampler
// needs beyond it, it gets when the first sample is taken.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "segment/layout.h"

namespace outrigger::profile {

// The mapping must last as long as the process.
void attach_process(segment::View view);

struct Process {
  segment::View view;      // false before attach_process()
  pid_t pid = 0;           // of the process that was attached
  uintptr_t main_top = 0;  // where the main thread's stack ends, as far as it is of interest
};
extern constinit Process g_process;

// False before attach_process(), and in a child of fork(), where the segment is not mapped. Any
// thread; a signal handler, once another call has returned true.
bool is_own_process();

}  // namespace outrigger::profile
