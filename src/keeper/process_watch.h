// The service's process as the kernel shows it: stopped, traced, gone; and its end when the
// supervisor is no more. Belongs to the keeper's loop; what it finds goes to Findings.
#pragma once

#include <cstdint>

#include "base/fd.h"
#include "keeper/live_source.h"

namespace outrigger::keeper {

class ProcessWatch {
 public:
  // `pid` as the segment has it: it is only believed to be the service's when its parent is
  // `supervisor_pid`. With supervisor_pid 0 it is this very process.
  ProcessWatch(int pid, int supervisor_pid, Findings& findings);

  // About once a second. Times: CLOCK_MONOTONIC.
  void look(int64_t now_ns);

  // For an orphaned keeper: readable once the service has ended; -1 when it cannot be known.
  int pidfd() const { return pidfd_.get(); }
  void kill() const;
  int pid() const { return pid_; }
  // At the last look. False when it is not known.
  bool lives() const { return lives_; }

 private:
  const int pid_;
  bool lives_ = false;
  Findings& findings_;
  base::Fd pidfd_;
};

}  // namespace outrigger::keeper
