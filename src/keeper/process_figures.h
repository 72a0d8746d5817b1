// What /proc tells of one process.
#pragma once

#include <optional>
#include <string>

namespace outrigger::keeper {

struct ProcessFigures {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double threads = 0;
  double started_s = 0;            // since 1970
  double context_switches = 0;     // of its main thread, voluntary or not
  std::optional<double> open_fds;  // none: not allowed to look
  std::optional<double> max_fds;   // none: no limit
};
// None once it has ended (a zombie as well).
std::optional<ProcessFigures> process_figures(int pid);

// A whole file of /proc or /sys, at most 64 KiB of it; empty when it cannot be read.
std::string small_file(const std::string& path);
// The number behind `key` at the begin of a line ("MemTotal:", "oom_kill"); none when it is not there.
std::optional<double> number_after(const std::string& text, std::string_view key);

}  // namespace outrigger::keeper
