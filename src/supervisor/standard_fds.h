// Descriptors 0, 1 and 2 are never free, so that none of our own can become somebody's stdout.
#pragma once

#include "base/fd.h"

namespace outrigger::supervisor {

// Fills those of 0..2 that are closed: stdin reads as empty; what is written to a closed stdout or
// stderr still fails with EBADF, as the program would expect.
void fill_standard_fds();

// Something to read that is always at its end, close-on-exec: /dev/null where there is one.
base::Fd empty_input();

}  // namespace outrigger::supervisor
