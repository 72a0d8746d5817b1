// Errors as answers: RFC 9457, application/problem+json.
#pragma once

#include <string>

#include "ops/ops.h"
#include "outrigger/json.h"
#include "outrigger/result.h"

namespace outrigger::service {

int http_status(ErrorKind kind);

// {"type":"about:blank","title":...,"status":...,"detail":...}, and the members of `more`.
Json problem_json(int status, std::string detail, const Json& more = Json::object());
Json problem_json(const Error& error);

// The answer that such a problem is.
ops::ServedResponse problem_answer(const Json& problem);

}  // namespace outrigger::service
