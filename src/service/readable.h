// A result for people: what a command prints on a terminal.
#pragma once

#include <string>

#include "outrigger/json.h"

namespace outrigger::service {

// Scalars as they are, an object as "name: value" lines, a list of objects with the same members as
// a table, all else indented. Ends with a line's end. Control characters of the text are escaped, so
// that a result cannot steer the terminal.
std::string readable(const Json& value);

}  // namespace outrigger::service
