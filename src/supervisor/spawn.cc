#include "supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "supervisor/confine.h"
#include "supervisor/role_card.h"

namespace outrigger::supervisor {
namespace {

using segment::Role;
using segment::RoleCard;

constexpr long kOomScoreRaise = 500;
constexpr long kOomScoreMax = 1000;
constexpr int kSpawnFailedStatus = 127;  // as a shell says it

constexpr const char* kOomScore = "/proc/self/oom_score_adj";

// Relative to what the container or init system chose. Where it is not allowed, things stay as they
// are.
void raise_oom_score() {
  base::Fd file(open(kOomScore, O_RDWR | O_CLOEXEC));
  char text[16] = {};
  if (!file || pread(file.get(), text, sizeof text - 1, 0) <= 0) return;
  const base::Decimal raised(std::min(strtol(text, nullptr, 10) + kOomScoreRaise, kOomScoreMax));
  (void)!write(file.get(), raised.view().data(), raised.view().size());
}

void inherit(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFD, 0);
}

void inherit_all(const RoleCard& card) {
  for (const int fd : {card.segment, card.spool, card.channel, card.service_bell, card.keeper_bell,
                       card.captured_out, card.captured_err, card.plain_err}) {
    inherit(fd);
  }
  for (int i = 0; i < card.listener_count; ++i) inherit(card.listeners[i]);
}

[[noreturn]] void become(const Launch& launch, int card_fd, const Invocation& invocation,
                         Environment& environment) {
  setpgid(0, 0);
  // A child that somebody stopped would sleep through the end of its channel when the supervisor
  // dies.
  prctl(PR_SET_PDEATHSIG, SIGCONT);
  if (launch.card.role == Role::kService) {
    raise_oom_score();
  } else {
    be_spared_by_oom_killer();
    // Descriptors that the program was started with are the service's affair: a keeper that held a
    // pipe open would keep its reader waiting for the end.
    syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    // The keeper writes to a terminal from a background process group, whatever `stty tostop` says.
    signal(SIGTTOU, SIG_IGN);
  }
  if (launch.stdin_fd >= 0) dup2(launch.stdin_fd, STDIN_FILENO);
  if (launch.stdout_fd >= 0) dup2(launch.stdout_fd, STDOUT_FILENO);
  if (launch.stderr_fd >= 0) dup2(launch.stderr_fd, STDERR_FILENO);
  inherit(card_fd);
  inherit_all(launch.card);
  if (launch.confine != nullptr) confine_writing(*launch.confine);
  execve("/proc/self/exe", invocation.argv, environment.for_child(launch.card.role, card_fd));
  const char* part = launch.card.role == Role::kService ? "service" : "keeper";
  base::write_line(launch.complaints_fd, base::base_name(invocation.argv[0]), ": cannot start the ",
                   part, " from /proc/self/exe: ", base::error_text(errno));
  _exit(kSpawnFailedStatus);
}

struct Child {
  const Launch& launch;
  int card;
  const Invocation& invocation;
  Environment& environment;
};

int be_child(void* argument) {
  const Child& child = *static_cast<const Child*>(argument);
  become(child.launch, child.card, child.invocation, child.environment);
}

// Of the child until exec: system calls, and a line of complaint.
alignas(16) char g_stack[16 << 10];

}  // namespace

void be_spared_by_oom_killer() {
  constexpr std::string_view kNever = "-1000";
  const base::Fd file(open(kOomScore, O_WRONLY | O_CLOEXEC));
  if (file) (void)!write(file.get(), kNever.data(), kNever.size());
}

Spawned spawn(const Launch& launch, const Invocation& invocation, Environment& environment) {
  Spawned spawned;
  const base::Fd card = write_card(launch.card);
  if (!card) return spawned;
  // As vfork does it, in this memory and with this process waiting until exec: page tables that are
  // copied and then thrown away are the dearest part of a start. It gives the pidfd in the same
  // step, container policies that refuse clone3 allow it, and no handler of pthread_atfork is there
  // to run.
  Child child{launch, card.get(), invocation, environment};
  int pidfd = -1;
  const int pid = clone(be_child, g_stack + sizeof g_stack,
                        CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &pidfd);
  if (pid < 0) return spawned;
  spawned.pid = pid;
  spawned.pidfd.reset(pidfd);
  return spawned;
}

}  // namespace outrigger::supervisor
