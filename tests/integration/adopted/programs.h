// What both programs of a pair have: a line that says their port.
#pragma once

#include <stdlib.h>

#include <string>

#include "harness.h"

namespace outrigger::whole {

inline const std::vector<std::string> kAdoptedVariables{
    "OUTRIGGER_ADMIN=127.0.0.1:0", "OUTRIGGER_ENVIRONMENT=local", "INVOCATION_ID="};

inline int port_of(Program& program) {
  const std::string marker = "listening on port ";
  int port = 0;
  eventually(60s, [&] {
    const std::string out = program.out();
    const size_t at = out.find(marker);
    if (at != std::string::npos && out.find('\n', at) != std::string::npos)
      port = atoi(out.c_str() + at + marker.size());
    return port != 0;
  });
  return port;
}

inline size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace outrigger::whole
