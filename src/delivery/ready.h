// Whether the service that runs is this very file, and ready.
#pragma once

#include <sys/types.h>

#include <string>

namespace outrigger::delivery {

// The process `supervisor` was started from `program`, and the admin port of its keeper, asked
// through the Unix socket, says that it is ready.
bool answers_ready(const std::string& service, pid_t supervisor, const std::string& program);

}  // namespace outrigger::delivery
