// Whether the kernel may write the memory of a crashing process to disk.
#pragma once

namespace outrigger::supervisor {

// For this process and those that it starts, until allow_core(). What a service holds in memory is
// its users' affair; nothing of it reaches a disk unasked.
void forbid_core();

// As far as the hard limit allows. False: it allows none.
bool allow_core();

}  // namespace outrigger::supervisor
