// Threads of the library's own: named, and deaf to the signals that a program may have handlers
// for.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <thread>
#include <utility>

namespace outrigger::base {

// Every signal but those that a thread causes itself, and SIGPROF, by which a profiler samples each
// thread.
inline sigset_t foreign_signals() {
  sigset_t all;
  sigfillset(&all);
  for (const int own : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGPROF})
    sigdelset(&all, own);
  return all;
}

// `name`: up to 15 bytes, static. Throws std::system_error when there is no thread to be had.
template <typename Function>
std::thread start_thread(const char* name, Function function) {
  const sigset_t blocked = foreign_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  struct Restore {
    const sigset_t& mask;
    ~Restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } restore{before};
  return std::thread([name, function = std::move(function)]() mutable {
    prctl(PR_SET_NAME, name);
    function();
  });
}

// The calling thread's work can wait: others of the machine go first where there is too little
// processor for all. `nice` as in setpriority(2): with 5 it still has a third of another's share, with
// 19 a sixtieth. No right is needed for it, and there is no way back.
inline void yield_to_others(int nice) {
  // Linux: of a thread. Where it already is as patient as can be, it stays so.
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + nice);
}

}  // namespace outrigger::base
