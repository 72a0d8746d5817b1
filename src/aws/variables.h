// The environment's variables as a value, so that tests have one of their own.
#pragma once

#include <functional>
#include <string>

namespace outrigger::aws {

// Gives "" where the variable is not set: none of AWS's variables means anything when it is empty.
using Variables = std::function<std::string(const char* name)>;

Variables own_variables();

// "true" in any case, as AWS's variables have it.
bool is_true(const std::string& value);

}  // namespace outrigger::aws
