// How much memory this process may use, as its container or the machine has it.
#pragma once

#include <cstddef>

namespace outrigger::keeper {

// The tightest of the control groups' limits (version 2 or 1) and the machine's memory.
size_t memory_limit_bytes();

// Of lines that are packed away during an outage, so that together with the spool's and those on
// their way they stay within the smaller of 64 MB and a tenth of the limit, but 12 MB at least.
size_t backlog_bytes_for(size_t limit_bytes);

}  // namespace outrigger::keeper
