// `prober --as-iam log URL [LEVEL] [--module NAME] [--for 10m]`: the log level of a service elsewhere,
// read or set.
#pragma once

#include <string_view>

namespace outrigger::admin {

// Prints to stdout, errors to stderr. 0: done; 1: it refuses, or does not answer; 2: it cannot be asked
// like this. `argv` holds what stands behind the word.
int log_command(std::string_view service, int argc, char** argv);

}  // namespace outrigger::admin
