// The keeper's own code in memory.
#pragma once

namespace outrigger::keeper {

// What the keeper has executed or read of its file so far, and will, stays in memory (mlock2(2) with
// MLOCK_ONFAULT): pages of a file are what the kernel takes away first where a control group is full,
// and a keeper that waits for its own code again and again can tell of nothing. Takes no memory
// ahead. RLIMIT_MEMLOCK counts all of it (8 MiB since Linux 5.16; code comes first); where that
// refuses, things stay as they are.
void hold_own_text();

}  // namespace outrigger::keeper
