// Processor time: what there is, what of it is used, and who waits for it. Seconds since the boot, or
// since the control group was made.
#pragma once

#include <optional>
#include <string_view>

#include "system/cgroup.h"
#include "system/text.h"

namespace outrigger::system {

struct Cpu {
  // How many processors this process may use: a quota counts as a part of one.
  double processors = 0;
  // Used by the control group, where that may use less than the machine has.
  std::optional<double> group_s{};
  double host_processors = 0;
  std::optional<double> host_busy_s{};  // of all processors together
  std::optional<double> host_all_s{};
  std::optional<double> periods{};  // of the control group's quota
  std::optional<double> throttled_periods{};
  std::optional<double> load{};
  std::optional<double> pressure_us{};
};

Cpu read_cpu(const Places& places);

// Of /proc/stat.
void read_stat(std::string_view stat, Cpu& cpu);
// "50000 100000": a quota as processors; none for "max 100000".
std::optional<double> quota_of(std::string_view cpu_max);

}  // namespace outrigger::system
