// What run() and adopt() have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "service/parts.h"

namespace outrigger::service {

// Gives the service its name and looks at its declarations; false after saying what will not do.
bool prepare(internal::ServiceParts& parts, int argc, char** argv);

// Is this process the one that serves? Otherwise it was started for a command.
bool is_to_serve();

// Reads the options and serves. Returns the exit status.
int serve(internal::ServiceParts& parts, std::vector<std::string> option_words,
          std::function<int()> own_main);

}  // namespace outrigger::service
