// What `help` says, generated from the declarations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/parts.h"

namespace outrigger::service {

// The contract's commands that this build has.
struct CommandWord {
  std::string_view name;
  std::string_view usage;
  std::string_view about;
};
const std::vector<CommandWord>& command_words();

enum class Program { kOwnWords, kAdopted };

std::string help_text(const internal::ServiceParts& parts, Program program);

// For one command or operation; empty when there is none of that name.
std::string help_text_for(const internal::ServiceParts& parts, std::string_view word);

}  // namespace outrigger::service
