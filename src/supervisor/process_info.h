// The little that is read about processes from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace outrigger::supervisor {

// A debugger or strace is attached. No, when it cannot be told. `process`: "self", or a number.
bool is_traced(const char* process);
bool is_traced(pid_t pid);

// How often it has waited for a page of its own to be read from a file (proc(5): majflt, of all
// threads). 0 when it cannot be told.
uint64_t major_faults(pid_t pid);

}  // namespace outrigger::supervisor
