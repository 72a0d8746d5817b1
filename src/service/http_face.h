// Operations over HTTP: GET /NAME for what is read-only, POST for the rest, parameters in the query
// or in a JSON body. Errors are RFC 9457 problems. GET / lists the operations, GET /openapi.json
// describes them.
//
// Thread-safe: constant after construction.
#pragma once

#include <string>
#include <string_view>

#include "ops/ops.h"
#include "service/parts.h"

namespace outrigger::service {

class HttpFace {
 public:
  // `parts` is read while serving and must not change any more.
  explicit HttpFace(const internal::ServiceParts& parts) : parts_(parts) {}

  ops::ServedResponse answer(const ops::ServedRequest& request) const;

 private:
  ops::ServedResponse index() const;
  ops::ServedResponse not_found(std::string_view path) const;
  ops::ServedResponse answer_with(const internal::OperationInfo& operation,
                                  const ops::ServedRequest& request) const;

  const internal::ServiceParts& parts_;
};

}  // namespace outrigger::service
