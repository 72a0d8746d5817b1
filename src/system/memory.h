// Memory: what there is, what of it is used, and who waits for it.
#pragma once

#include <optional>
#include <string_view>

#include "system/cgroup.h"
#include "system/text.h"

namespace outrigger::system {

struct Memory {
  // What there is to this process: its control group's tightest limit, or else the machine's.
  std::optional<double> limit_bytes{};
  // What of it cannot be taken back: without the file cache that is not in use.
  std::optional<double> used_bytes{};
  bool is_limited = false;  // by a control group
  std::optional<double> host_bytes{};
  std::optional<double> host_used_bytes{};
  std::optional<double> pressure_us{};  // in which something waited, since the boot
  std::optional<double> oom_kills{};    // of the control group
};

Memory read_memory(const Places& places);

// Of /proc/meminfo.
void read_meminfo(std::string_view meminfo, Memory& memory);

}  // namespace outrigger::system
