// Every thread's stack at one moment, taken from outside: ptrace holds a thread for as long as its
// registers and the top of its stack are copied; unwinding comes after it has gone on. Works while
// the service is deadlocked or stopped. Where ptrace is refused, and for a keeper that is a thread
// of the service, each thread copies its own stack in a signal handler (src/profile/).
#pragma once

#include <functional>
#include <string>

#include "outrigger/result.h"
#include "pprof/profiler.h"
#include "segment/sample_reader.h"

namespace outrigger::pprof {

// `drain` reads what samples there are, and hands each stack that a thread has copied of itself to
// the function that it is given.
using TakeStack = std::function<void(const segment::Sample&)>;
Result<std::string> take_thread_stacks(const Profiler::Parts& parts, Form form,
                                       const std::function<void(const TakeStack&)>& drain);

}  // namespace outrigger::pprof
