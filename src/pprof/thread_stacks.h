// Every thread's stack at one moment, taken from outside: ptrace holds a thread for as long as its
// registers and the top of its stack are copied; unwinding comes after it has gone on. Works while
// the service is deadlocked or stopped. Where ptrace is refused, and for a keeper that is a thread
// of the service, each thread copies its own stack in a signal handler (src/profile/).
#pragma once

#include <string>

#include "outrigger/result.h"
#include "pprof/profiler.h"

namespace outrigger::pprof {

class CpuSession;

// `running`: a CPU profile that is being taken at the same time, nullptr: none.
Result<std::string> take_thread_stacks(const Profiler::Parts& parts, Form form,
                                       CpuSession* running);

}  // namespace outrigger::pprof
