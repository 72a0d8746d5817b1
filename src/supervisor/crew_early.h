// The writable side of crew.h, for the early role choice alone.
#pragma once

#include "supervisor/crew.h"

namespace outrigger::supervisor {

extern constinit Crew g_crew;

}  // namespace outrigger::supervisor
