// A keeper for a command: a segment of this process's own, drained by a thread, so that what an
// operation logs is printed as it is when the service runs it. Without the operations object, WARN
// and above go to stderr.
#pragma once

#include <memory>

#include "base/fd.h"
#include "ops/ops.h"
#include "service/declarations.h"

namespace outrigger::service {

class PrivateKeeper {
 public:
  explicit PrivateKeeper(const Declared& declared);
  // Everything logged until here is out when it returns.
  ~PrivateKeeper();
  PrivateKeeper(const PrivateKeeper&) = delete;
  PrivateKeeper& operator=(const PrivateKeeper&) = delete;

 private:
  base::Fd segment_;
  base::Fd service_bell_;
  base::Fd keeper_bell_;
  std::unique_ptr<ops::KeeperThread> keeper_;
};

}  // namespace outrigger::service
