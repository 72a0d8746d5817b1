// `-init` and the other commands of delivery: their options, and the service as they are told of it.
// The work is done behind the door (src/delivery).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/help.h"
#include "service/options.h"
#include "service/parts.h"

namespace outrigger::service {

bool is_delivery_command(std::string_view word);
// The options of that command, for help.
std::vector<OptionSpec> delivery_specs(std::string_view word);
// Returns the exit status. `rest`: what stands behind the word.
int delivery_command(const internal::ServiceParts& parts, Program program, const std::string& word,
                     std::vector<std::string> rest);

}  // namespace outrigger::service
