// What the supervisor makes for the crew before it spawns, and holds until the end, so that a
// keeper that falls finds all of it again.
#pragma once

#include <cstddef>

#include "base/fd.h"
#include "segment/layout.h"
#include "segment/metrics.h"
#include "segment/role.h"

namespace outrigger::supervisor {

// keeper/spool.h wants 65 MiB and some, the metrics' ledger lies behind it; sparse, so that what
// nobody touched costs nothing.
inline size_t spool_bytes() {
  return segment::kLedgerAt + segment::ledger_bytes(segment::metric_layout());
}
inline constexpr int kCapturedPipeBytes = 1
                                          << 20;  // the kernel's limit for those without privileges

struct Shared {
  base::Fd segment;
  segment::View view;  // of the segment, mapped for the life of the process
  base::Fd spool;
  base::Fd service_bell;
  base::Fd keeper_bell;
  base::Fd captured_out;  // read ends, not blocking
  base::Fd captured_err;
  base::Fd service_out;  // write ends; closed once the service has them
  base::Fd service_err;
  base::Fd plain_err;  // a second descriptor for the program's own stderr
  base::Fd empty_input;
};

// Why something could not be made: one sentence, without the program's name.
struct Failure {
  char why[200] = {};
};

// Returns false with the reason in `failure`.
bool make_shared_things(Shared& shared, Failure& failure);

struct Channel {
  base::Fd ours;
  base::Fd theirs;
};
// Both ends are empty on failure, with errno set.
Channel make_channel();

}  // namespace outrigger::supervisor
