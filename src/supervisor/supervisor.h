// The parent of the crew: system calls only. It makes what the others share, spawns service and
// keeper, passes signals on, starts a fallen keeper again, and ends with the service's own status.
// It parses nothing and talks to nobody but its children and the init system.
//
//   spawn both ──► watch ──────────────► service ended ──► keeper flushes (≤ kKeeperEndNs) ──► exit
//                   │  ▲
//     keeper fell   ▼  │ back-off
//                  keeper started again
#pragma once

#include "supervisor/spawn.h"

namespace outrigger::supervisor {

// Called before any constructor of the program: nothing here relies on one. Ends the process.
[[noreturn]] void run_supervisor(const Invocation& invocation);

}  // namespace outrigger::supervisor
