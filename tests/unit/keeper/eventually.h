// Waiting for a condition, and lines of a text.
#pragma once

#include <time.h>

#include <string>
#include <vector>

#include "base/clock.h"

namespace outrigger::keeper {

// Polls until `done` holds; false after the time is over.
template <typename Condition>
bool eventually(Condition done, int seconds = 20) {
  const int64_t deadline_ns = base::monotonic_ns() + seconds * base::kNsPerSecond;
  while (!done()) {
    if (base::monotonic_ns() > deadline_ns) return false;
    const timespec pause{0, base::kNsPerMs};
    nanosleep(&pause, nullptr);
  }
  return true;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  size_t at = 0;
  for (size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(text.substr(at, end - at));
  if (at < text.size()) lines.push_back(text.substr(at));
  return lines;
}

}  // namespace outrigger::keeper
