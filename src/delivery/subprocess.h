// Another program, run to its end: systemctl and the like. No shell, no PATH.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::delivery {

struct Ended {
  int status = -1;   // the exit status; 128+N by a signal; -1: it could not be started
  std::string text;  // stdout and stderr, as they came; up to 64 KiB
  bool in_time = true;
  bool fine() const { return status == 0 && in_time; }
};

// The program's path, from the system's directories; "" where there is none.
std::string find_program(std::string_view name);

// `words.front()` is a program's name. Killed when it has not ended within `limit`. The environment
// is this process's own, without what changes a tool's output.
Ended run_program(const std::vector<std::string>& words, std::chrono::milliseconds limit);

}  // namespace outrigger::delivery
