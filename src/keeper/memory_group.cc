#include "keeper/memory_group.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "system/text.h"

namespace outrigger::keeper {
namespace {

using system::number_after;
using system::small_file;

// Version 1 says "no limit" by a number near 2^63.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;

std::optional<uint64_t> number_in(const std::string& path) {
  const std::string text = small_file(path);
  uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return {};
  return value;
}

bool is_there(const std::string& path) { return access(path.c_str(), R_OK) == 0; }

// "4:memory:/system.slice/shop.service" names version 1's, "0::/..." version 2's.
std::string_view path_in(std::string_view text, std::string_view controller) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controller) return line.substr(second + 1);
  }
  return {};
}

}  // namespace

MemoryGroup::MemoryGroup(const std::string& cgroup_text, const std::string& root) {
  // In a container the path may be that of the host, and only the container's own group be mounted.
  const std::string v1(path_in(cgroup_text, "memory"));
  for (const std::string& each : {root + "/memory" + v1, root + "/memory"}) {
    if (directory_.empty() && is_there(each + "/memory.limit_in_bytes")) directory_ = each;
  }
  if (!directory_.empty()) return;
  v2_ = true;
  const std::string v2(path_in(cgroup_text, ""));
  for (const std::string& each : {root + v2, root}) {
    if (directory_.empty() && is_there(each + "/memory.max")) directory_ = each;
  }
}

MemoryGroup MemoryGroup::own() { return MemoryGroup(small_file("/proc/self/cgroup")); }

std::optional<uint64_t> MemoryGroup::limit_bytes() const {
  if (directory_.empty()) return {};
  const auto limit = number_in(directory_ + (v2_ ? "/memory.max" : "/memory.limit_in_bytes"));
  return limit && *limit < kNoLimit ? limit : std::nullopt;
}

uint64_t MemoryGroup::charged_bytes() const {
  return number_in(directory_ + (v2_ ? "/memory.current" : "/memory.usage_in_bytes")).value_or(0);
}

uint64_t MemoryGroup::used_bytes() const {
  const uint64_t used = charged_bytes();
  const auto idle = number_after(small_file(directory_ + "/memory.stat"),
                                 v2_ ? "inactive_file" : "total_inactive_file");
  return used - std::min(used, static_cast<uint64_t>(idle.value_or(0)));
}

uint64_t MemoryGroup::oom_kills() const {
  const std::string text = small_file(directory_.empty() ? "/proc/vmstat"
                                      : v2_              ? directory_ + "/memory.events"
                                                         : directory_ + "/memory.oom_control");
  return static_cast<uint64_t>(number_after(text, "oom_kill").value_or(0));
}

bool MemoryGroup::dies_together() const {
  return v2_ && number_in(directory_ + "/memory.oom.group").value_or(0) == 1;
}

}  // namespace outrigger::keeper
