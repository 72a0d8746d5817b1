#include "supervisor/signals.h"

#include <initializer_list>

namespace outrigger::supervisor {

sigset_t blocked_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
    sigdelset(&set, signal);
  for (const int signal : {SIGTSTP, SIGCONT}) sigdelset(&set, signal);
  // Of no use to anybody when they are ignored, as they are by default.
  for (const int signal : {SIGWINCH, SIGURG}) sigdelset(&set, signal);
  return set;
}

sigset_t taken_signals() {
  sigset_t set = blocked_signals();
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU}) sigdelset(&set, signal);
  if (hangup_is_ignored()) sigdelset(&set, SIGHUP);
  return set;
}

uint64_t mask_of(const sigset_t& set) {
  uint64_t mask = 0;
  for (int signal = 1; signal <= 64; ++signal) {
    if (sigismember(&set, signal) == 1) mask |= uint64_t{1} << (signal - 1);
  }
  return mask;
}

Meaning meaning_of(int signal) {
  switch (signal) {
    case SIGTERM:
    case SIGINT:
    case SIGHUP: return Meaning::kStop;
    case SIGQUIT: return Meaning::kStacks;
    case SIGCHLD: return Meaning::kChild;
    default: return Meaning::kForward;
  }
}

sigset_t take_charge_of_signals() {
  const sigset_t blocked = blocked_signals();
  sigset_t before;
  sigprocmask(SIG_SETMASK, &blocked, &before);
  struct sigaction child {};
  if (sigaction(SIGCHLD, nullptr, &child) == 0 &&
      (child.sa_handler == SIG_IGN || (child.sa_flags & SA_NOCLDWAIT) != 0)) {
    signal(SIGCHLD, SIG_DFL);
  }
  return before;
}

bool hangup_is_ignored() {
  struct sigaction hangup {};
  return sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
}

}  // namespace outrigger::supervisor
