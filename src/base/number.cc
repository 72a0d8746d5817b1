#include "base/number.h"

#include <fmt/format.h>

#include <iterator>

namespace outrigger::base {

void append_number(std::string& out, double number) {
  fmt::format_to(std::back_inserter(out), "{}", number);
}

}  // namespace outrigger::base
