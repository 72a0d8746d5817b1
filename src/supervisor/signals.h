// Which signals the crew blocks, which of them the supervisor takes, and what each is to it.
#pragma once

#include <signal.h>

#include <cstdint>

namespace outrigger::supervisor {

// Blocked in the supervisor from its first moment, and in its children until they are ready. Left
// alone are faults, which must end whoever commits them, and job control, so that Ctrl-Z gives the
// shell back.
sigset_t blocked_signals();
// Of these, what comes through the signalfd. SIGPIPE, SIGXFSZ and SIGTTOU only stay blocked: the
// call that raised them says EPIPE, EFBIG, or goes on.
sigset_t taken_signals();

// Bit n-1: signal n is in the set (segment::RoleCard::signal_mask).
uint64_t mask_of(const sigset_t& set);

enum class Meaning { kStop, kStacks, kChild, kForward };
Meaning meaning_of(int signal);

// Blocks the signals above and returns the mask as it was. A SIGCHLD ignored by whoever started the
// program is set to its default, since children of such a process leave no status behind.
sigset_t take_charge_of_signals();

// SIGHUP was ignored at the start (nohup): then it stays so.
bool hangup_is_ignored();

}  // namespace outrigger::supervisor
