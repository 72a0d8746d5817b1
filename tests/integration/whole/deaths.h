// What the tests of deaths share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace outrigger::whole {

inline StartOptions options() {
  StartOptions options;
  options.environment = {"OUTRIGGER_LISTEN=127.0.0.1:0", "OUTRIGGER_ADMIN=127.0.0.1:0",
                         "OUTRIGGER_LOGS=stdout-json"};
  return options;
}

// Those whose message begins so.
inline std::vector<std::string> entries(const std::string& log, std::string_view beginning) {
  std::vector<std::string> found;
  for_each_line(log, [&](std::string_view line) {
    if (json_text(line, "message").starts_with(beginning)) found.emplace_back(line);
  });
  return found;
}

}  // namespace outrigger::whole
