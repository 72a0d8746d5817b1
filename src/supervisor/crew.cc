#include "supervisor/crew.h"

#include "supervisor/crew_early.h"

namespace outrigger::supervisor {

constinit Crew g_crew;

const Crew& crew() { return g_crew; }

}  // namespace outrigger::supervisor
