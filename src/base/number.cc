#include "base/number.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>

namespace outrigger::base {

void append_number(std::string& out, double number) {
  // Most are whole, and then have a shorter way to the same text.
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::abs(number) <= kExact && std::trunc(number) == number && !std::signbit(number))
    return append_number(out, static_cast<int64_t>(number));
  fmt::format_to(std::back_inserter(out), "{}", number);
}

}  // namespace outrigger::base
