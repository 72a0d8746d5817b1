// How much memory this process may use, as its container or the machine has it.
#pragma once

#include <cstddef>

namespace outrigger::keeper {

// The tightest of the control groups' limits (version 2 or 1) and the machine's memory.
size_t memory_limit_bytes();

// Of what waits for CloudWatch during an outage, the spool's own lines included: the smaller of
// 64 MB and a tenth of the limit, but 12 MB at least.
size_t backlog_bytes_for(size_t limit_bytes);

}  // namespace outrigger::keeper
