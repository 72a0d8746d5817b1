// A command's way to the service that runs: which one it is, and the question.
#pragma once

#include <string>
#include <string_view>

#include "ops/ops.h"

namespace outrigger::ops {

// "unix:@outrigger/UID/SERVICE/PID/operations", beside the keeper's socket of that name.
std::string service_socket(std::string_view service, int supervisor_pid);

// The running services of this user are asked; where there is none, any other user's, who must
// allow it. Errors: kNotFound when none runs, kBadInput when several do and none was named.
Result<http::Response> ask(const Question& question);

}  // namespace outrigger::ops
