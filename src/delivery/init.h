// `prober -init`: from a file on a machine to a service that runs there, as a transaction.
//
//     nothing to do? ── yes ──► done
//         │ no
//     unfinished: written ─ file copied ─ steps of the service ─ link switched ─ definition
//     written ─ linked into the boot ─ read anew ─ (re)started ─ ready? ── yes ──► finished
//                                                                   │ no
//         what was done is undone in reverse, the version before is started again, exit 1
//
// Each arrow is one change that is whole or has not happened (files.h). A run that is killed leaves
// `unfinished` behind; the next one does all that is still to be done, and restarts.
#pragma once

#include "delivery/wanted.h"

namespace outrigger::delivery {

// Prints; returns the exit status.
int init(const Facts& facts, const InitWanted& wanted);

}  // namespace outrigger::delivery
