#include "supervisor/supervisor.h"

#include <stdlib.h>
#include <unistd.h>

#include "supervisor/loop.h"
#include "supervisor/signals.h"

namespace outrigger::supervisor {

void run_supervisor(const Invocation& invocation) {
  const sigset_t signal_mask = take_charge_of_signals();
  Loop loop(invocation, signal_mask);
  // _exit: no constructor has run, so nothing is there to be destroyed.
  _exit(loop.start() ? loop.run() : EXIT_FAILURE);
}

}  // namespace outrigger::supervisor
