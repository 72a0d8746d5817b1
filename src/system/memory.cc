#include "system/memory.h"

#include <algorithm>

namespace outrigger::system {
namespace {

constexpr double kKilobyte = 1024;

struct Names {
  const char* limit;
  const char* usage;
  const char* cache;  // in memory.stat: file cache that can be taken back at once
  const char* kills;  // the file that counts them
};
constexpr Names kVersion1{"/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file",
                          "/memory.oom_control"};
constexpr Names kVersion2{"/memory.max", "/memory.current", "inactive_file", "/memory.events"};

// Of all groups that limit this process the one in which least is left.
void read_groups(const Cgroup& group, const Names& names, Memory& memory) {
  double left = memory.host_bytes.value_or(0);
  for (const std::string& directory : group.directories) {
    const auto limit = leading_number(small_file(directory + names.limit));
    const auto usage = leading_number(small_file(directory + names.usage));
    // Without a limit version 1 says some 2^63, version 2 "max".
    if (!limit || !usage || *limit < 0 || (memory.host_bytes && *limit >= *memory.host_bytes))
      continue;
    const double cache =
        number_after(small_file(directory + "/memory.stat"), names.cache).value_or(0);
    const double used = std::max(0.0, *usage - cache);
    if (memory.is_limited && *limit - used >= left) continue;
    left = *limit - used;
    memory.is_limited = true;
    memory.limit_bytes = limit;
    memory.used_bytes = used;
  }
}

}  // namespace

void read_meminfo(std::string_view meminfo, Memory& memory) {
  const auto total = number_after(meminfo, "MemTotal:");
  // Linux before 3.14 has no MemAvailable.
  const auto available = number_after(meminfo, "MemAvailable:");
  const double free = number_after(meminfo, "MemFree:").value_or(0) +
                      number_after(meminfo, "Buffers:").value_or(0) +
                      number_after(meminfo, "Cached:").value_or(0);
  if (!total || *total <= 0) return;
  memory.host_bytes = *total * kKilobyte;
  memory.host_used_bytes = std::clamp(*total - available.value_or(free), 0.0, *total) * kKilobyte;
}

Memory read_memory(const Places& places) {
  Memory memory;
  read_meminfo(small_file(places.proc + "/meminfo"), memory);
  const Cgroup group = find_cgroup(places, "memory");
  const bool is_2 = group.version == Cgroup::Version::k2;
  const Names& names = is_2 ? kVersion2 : kVersion1;
  read_groups(group, names, memory);
  if (!memory.is_limited) {
    memory.limit_bytes = memory.host_bytes;
    memory.used_bytes = memory.host_used_bytes;
  }
  if (!group.directories.empty()) {
    const std::string& own = group.directories.front();
    memory.oom_kills = number_after(small_file(own + names.kills), "oom_kill");
    if (is_2) memory.pressure_us = pressure_us(small_file(own + "/memory.pressure"));
  }
  if (!memory.pressure_us)
    memory.pressure_us = pressure_us(small_file(places.proc + "/pressure/memory"));
  return memory;
}

}  // namespace outrigger::system
