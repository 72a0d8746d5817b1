// Starting this very file again in one of its roles.
#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "segment/layout.h"
#include "segment/role.h"
#include "supervisor/environment.h"

namespace outrigger::supervisor {

// How this program was started: the children get the same words.
struct Invocation {
  int argc = 0;
  char** argv = nullptr;
  char** environment = nullptr;
};

struct Launch {
  segment::RoleCard card;  // what it lists is what the child inherits, with its descriptors 0..2
  int stdin_fd = -1;       // -1: the supervisor's own
  int stdout_fd = -1;
  int stderr_fd = -1;
  segment::Supervision* confine =
      nullptr;             // service: it may write no files; to tell what came of it
  int complaints_fd = -1;  // where to say why it could not become what it should; -1: nowhere
};

struct Spawned {
  pid_t pid = -1;  // -1: no process could be made; errno says why
  base::Fd pidfd;
};

// The child stands in a process group of its own, with the supervisor's signal mask. A service is
// the first choice of the OOM killer (oom_score_adj + 500), so that the keeper is left to tell of
// it. A child that cannot be turned into the role says why and exits with 127.
// The keeper is never chosen, nor is who calls be_spared_by_oom_killer(), where that may be said
// (CAP_SYS_RESOURCE): on a busy machine the kernel strikes again before the service's memory is free.
void be_spared_by_oom_killer();
Spawned spawn(const Launch& launch, const Invocation& invocation, Environment& environment);

}  // namespace outrigger::supervisor
