// System calls that a process gives up for ever, by seccomp: those that it never makes, and that are of
// use to whoever has taken it over. What it starts gives them up as well.
//
// The list is of what is refused, not of what is allowed: a call that a newer C library makes goes on
// to work. They fail with EPERM, but for openat2 and io_uring_setup, which look as if the kernel did not
// have them, so that whoever tried falls back on what can be judged.
#pragma once

namespace outrigger::base {

enum class Gives {
  // Mounts, namespaces, kernel modules, other users' rights, the clock, writing into other processes,
  // making, moving and changing files; io_uring, which would do all that unseen.
  kUpChanges,
  // And execve, and opening files to write.
  kUpExecAndWriting,
};

// For all threads. False: the kernel has no seccomp, or another thread has a filter of its own; nothing
// has changed then. Takes the right to become another user by exec along (no_new_privs).
bool refuse_calls(Gives gives);

}  // namespace outrigger::base
