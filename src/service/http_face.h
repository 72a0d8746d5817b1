// A service's operations over HTTP: routes, status codes, problem+json (RFC 9457).
#pragma once

#include <string>
#include <string_view>

#include "ops/ops.h"
#include "service/parts.h"

namespace outrigger::service {

// Answers for the operations declared in `parts`, which outlives it. Called on any thread, several
// at a time.
class HttpFace {
 public:
  explicit HttpFace(const internal::ServiceParts& parts) : parts_(parts) {}
  ops::ServedResponse answer(const ops::ServedRequest& request) const;

 private:
  ops::ServedResponse index() const;
  ops::ServedResponse not_found(std::string_view path) const;

  const internal::ServiceParts& parts_;
};

int http_status(ErrorKind kind);

}  // namespace outrigger::service
