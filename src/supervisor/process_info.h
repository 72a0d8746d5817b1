// The little that is read about processes from /proc.
#pragma once

#include <sys/types.h>

namespace outrigger::supervisor {

// A debugger or strace is attached. No, when it cannot be told. `process`: "self", or a number.
bool is_traced(const char* process);
bool is_traced(pid_t pid);

}  // namespace outrigger::supervisor
