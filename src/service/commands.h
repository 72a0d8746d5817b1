// Everything on the command line that does not run the service.
#pragma once

#include <string>
#include <vector>

#include "service/help.h"
#include "service/parts.h"

namespace outrigger::service {

// `words`: the command line without the program's name; not empty. Returns the exit status.
int run_command(const internal::ServiceParts& parts, Program program,
                std::vector<std::string> words);

}  // namespace outrigger::service
