// How much memory this process may use, as its container or the machine has it.
#pragma once

#include <cstddef>

namespace outrigger::keeper {

// The tightest of the control groups' limits (version 2 or 1) and the machine's memory.
size_t memory_limit_bytes();

// What waits for CloudWatch: lines in the spool, those packed away during an outage. Together with
// batches on their way these stay within the smaller of 64 MB and a tenth of the limit, but 12 MB at
// least.
struct ShippingMemory {
  size_t spool_bytes;
  size_t backlog_bytes;
};
ShippingMemory shipping_memory_for(size_t limit_bytes);

}  // namespace outrigger::keeper
