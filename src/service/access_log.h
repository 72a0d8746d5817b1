// The access log: one entry a request, of a share of them. Off by default: it is the one thing here
// whose cost grows with the load. Once it is on, answers of 500 and above are logged each.
//
// Thread-safe.
#pragma once

#include <chrono>

#include "ops/ops.h"

namespace outrigger::service {

class AccessLog {
 public:
  explicit AccessLog(double share) : share_(share) {}

  // Stands around a request: handle() is the handler, whose stream, if there is one, is followed to
  // its end.
  template <typename Handle>
  ops::ServedResponse around(const ops::ServedRequest& request, Handle handle) const {
    if (share_ <= 0) return handle();
    const auto began = std::chrono::steady_clock::now();
    ops::ServedResponse response = handle();
    return note(request, began, std::move(response));
  }

 private:
  ops::ServedResponse note(const ops::ServedRequest& request,
                           std::chrono::steady_clock::time_point began,
                           ops::ServedResponse response) const;

  const double share_;
};

}  // namespace outrigger::service
