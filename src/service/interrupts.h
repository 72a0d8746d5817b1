// Ctrl-C while a command runs its operation: the first one cancels, the second one kills, as it
// would have without us. Also the command's deadline.
//
// One at a time in a process.
#pragma once

#include <signal.h>

#include <stop_token>
#include <thread>

#include "base/fd.h"
#include "outrigger/call.h"

namespace outrigger::service {

class Interrupts {
 public:
  explicit Interrupts(Deadline deadline);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Stop is requested at the first signal, and at the deadline.
  std::stop_token token() const { return source_.get_token(); }
  // 0 when none did.
  int signal_that_came() const;

 private:
  void wait_until(Deadline deadline);

  std::stop_source source_;
  base::Fd bell_;  // an eventfd: rung by the handler, and at the end
  struct sigaction before_[2];
  std::thread waiting_;
};

}  // namespace outrigger::service
