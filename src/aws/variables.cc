#include "aws/variables.h"

#include <cstdlib>

#include "http/message.h"

namespace outrigger::aws {

Variables own_variables() {
  return [](const char* name) {
    const char* value = getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
}

bool is_true(const std::string& value) { return http::same_token(value, "true"); }

}  // namespace outrigger::aws
