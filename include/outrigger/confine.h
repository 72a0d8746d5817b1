// Where the service may write: nowhere, unless it says so here.
//
//     OUTRIGGER_WRITES("/var/lib/shop")   // at namespace scope, in any source file of the service
//
// The kernel (Landlock) refuses the service's process, all its threads and what they start, to create,
// write, truncate, rename or remove files, from before the first constructor on: EACCES. Reading is
// free, and so are the usual devices, /dev/shm, /proc, sockets, pipes, and what was open already.
// What a path names must be there when the program starts; all below it may be written.
//
// A program that is adopted (adopt()) is only watched at first: the health page names what it has
// open for writing, with the line to add. It says which of the two it wants:
//
//     OUTRIGGER_CONFINE(enforce)   // or report, or off; once in a program
//
// On the command line and in the environment: --confine MODE, --no-confine, OUTRIGGER_CONFINE=MODE.
// Where the kernel has no Landlock, and with --in-process, nothing is enforced; the page says why.
#pragma once

namespace outrigger::internal {

enum class Confine : int { off = 1, report = 2, enforce = 3 };

}  // namespace outrigger::internal

#define OUTRIGGER_CONCATENATED_(a, b) a##b
#define OUTRIGGER_CONCATENATED(a, b) OUTRIGGER_CONCATENATED_(a, b)

#define OUTRIGGER_WRITES(path)                                                       \
  [[gnu::section("outrigger_writes"), gnu::used,                                     \
    gnu::retain]] static const char* const OUTRIGGER_CONCATENATED(outrigger_writes_, \
                                                                  __COUNTER__) = path;

#define OUTRIGGER_CONFINE(mode)                                      \
  extern "C" const ::outrigger::internal::Confine outrigger_confine; \
  const ::outrigger::internal::Confine outrigger_confine = ::outrigger::internal::Confine::mode;
