// The keeper's two doors: a process's main, and a thread.
#pragma once

#include <memory>

#include "ops/ops.h"  // tidy: layer because what it answers is declared there
#include "outrigger/result.h"
#include "segment/role.h"

namespace outrigger::keeper {

// The role's main: drains, prints and answers until the service has ended, then leaves by _exit().
[[noreturn]] void run(const segment::RoleCard& card, int argc, char** argv);

// The same in a thread of this process. `card.segment` is used, and the bells if there are any;
// with the admin port, its failure is the caller's to report. The object's destructor drains what
// is committed and flushes, for two seconds at most.
Result<std::unique_ptr<ops::KeeperThread>> start_thread(const segment::RoleCard& card,
                                                        bool with_admin);

}  // namespace outrigger::keeper
