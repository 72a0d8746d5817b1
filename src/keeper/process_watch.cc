#include "keeper/process_watch.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper/watch.h"

namespace outrigger::keeper {

ProcessWatch::ProcessWatch(int pid, int supervisor_pid, Findings& findings)
    : pid_(pid), findings_(findings) {
  if (supervisor_pid == 0 || pid <= 1) return;
  // First the descriptor, then the question whose it is: from then on the number cannot become
  // another's.
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd_ && read_process_status(pid).parent != supervisor_pid) pidfd_.reset();
}

void ProcessWatch::look(int64_t now_ns) {
  if (pid_ <= 0) return;
  const ProcessStatus status = read_process_status(pid_);
  lives_ = status.lives;
  // Relaxed: each finding stands for itself.
  findings_.traced.store(status.traced, std::memory_order_relaxed);
  if (status.traced) findings_.forgiven_ns.store(now_ns, std::memory_order_relaxed);
  const bool stopped = status.stopped && !status.traced;
  const int64_t since_ns = findings_.stopped_since_ns.load(std::memory_order_relaxed);
  if (stopped != (since_ns != 0))
    findings_.stopped_since_ns.store(stopped ? now_ns : 0, std::memory_order_relaxed);
}

void ProcessWatch::kill() const {
  if (pidfd_) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

}  // namespace outrigger::keeper
