// What every operation that is served counts by itself: Requests, Errors and Latency, with the
// dimension Operation. Some 60 ns a request.
#pragma once

#include <chrono>

#include "outrigger/metrics.h"
#include "outrigger/operation.h"
#include "service/parts.h"

namespace outrigger::internal {

struct OperationMeters {
  metrics::Counter requests;
  metrics::Counter errors;
  metrics::Timer latency;
};

}  // namespace outrigger::internal

namespace outrigger::service {

// Before the port opens, in the service alone.
void make_meters(internal::ServiceParts& parts);

// One request, from here to done().
class Metered {
 public:
  explicit Metered(const internal::OperationInfo& operation) : meters_(operation.meters.get()) {}
  // An error is one that the caller cannot mend: 5xx.
  void done(int http_status) const {
    if (meters_ == nullptr) return;
    meters_->requests.add();
    if (http_status >= 500) meters_->errors.add();
    meters_->latency.observe(std::chrono::steady_clock::now() - began_);
  }

 private:
  const internal::OperationMeters* const meters_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace outrigger::service
