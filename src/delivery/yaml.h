// JSON's values as YAML (https://yaml.org/spec/1.2.2/), for people: block style, several lines of
// text as they are. What YAML readers of any age may take for something else is quoted.
#pragma once

#include <string>

#include "outrigger/json.h"

namespace outrigger::delivery {

std::string yaml(const Json& value);

}  // namespace outrigger::delivery
