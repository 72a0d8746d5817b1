// What /proc tells of one process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/text.h"

namespace outrigger::system {

struct Process {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double threads = 0;
  double started_s = 0;              // since 1970
  double context_switches = 0;       // of its threads that live; of the first 1,000
  std::optional<double> open_fds{};  // none: not allowed to look
  std::optional<double> max_fds{};   // none: no limit
};
// None once it has ended (a zombie as well).
std::optional<Process> read_process(const Places& places, int pid);

// The numbers of /proc/PID/stat from the fourth field of proc(5) on, and the third. Empty when it is
// no such text.
std::vector<double> parse_stat(std::string_view stat, char& state);

}  // namespace outrigger::system
