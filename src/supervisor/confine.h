// The service may write no file but below the paths that it declares (outrigger/confine.h): a
// Landlock domain, entered between fork and exec, so that it holds from the first instruction, in
// every thread, and in whatever the service starts.
#pragma once

#include "segment/layout.h"
#include "supervisor/words.h"

namespace outrigger::supervisor {

// off, report or enforce, by the command line, the environment, the program's own word, and how it
// came to Outrigger, in this order.
segment::Confinement confinement_wanted(int argc, const char* const* argv, Program program);

// Of the calling thread, for good, and of what it will execute. System calls alone. Says in the
// segment what came of it.
void confine_writing(segment::Supervision& told);

}  // namespace outrigger::supervisor
