// The keeper's listening sockets, kept for its successors: a connection that comes while a keeper
// is replaced waits in the queue instead of being refused.
#pragma once

#include <utility>

#include "base/fd.h"
#include "segment/role.h"

namespace outrigger::supervisor {

class Listeners {
 public:
  // Beyond segment::kListenersMax, and for a socket that is kept already, the descriptor is just
  // closed.
  void keep(base::Fd listener);
  void write_to(segment::RoleCard& card) const;
  int count() const { return count_; }
  int descriptor(int i) const { return kept_[i].get(); }

 private:
  base::Fd kept_[segment::kListenersMax];
  int count_ = 0;
};

}  // namespace outrigger::supervisor
