// An operation as a command: `hello greet Ada`.
#pragma once

#include <string>
#include <vector>

#include "service/parts.h"

namespace outrigger::service {

// `words`: what stands behind the operation's name. Returns the exit status: 0, 1 with the reason on
// stderr, 2 for an option that will not do, 128+N when signal N (Ctrl-C) cancelled it.
int operation_command(const internal::ServiceParts& parts, const internal::OperationInfo& operation,
                      std::vector<std::string> words);

}  // namespace outrigger::service
