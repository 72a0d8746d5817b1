#include "keeper/memory_group.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "system/cgroup.h"
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

}  // namespace

MemoryGroup::MemoryGroup(const std::string& cgroup_text, const std::string& root) {
  // In a container the path may be that of the host, and only the container's own group be mounted.
  auto version = system::Cgroup::Version::kNone;
  const std::string path = system::cgroup_path(cgroup_text, "memory", version);
  const std::string v1 = version == system::Cgroup::Version::k1 ? path : "";
  for (const std::string& each : {root + "/memory" + v1, root + "/memory"}) {
    if (directory_.empty() && is_there(each + "/memory.limit_in_bytes")) directory_ = each;
  }
  if (!directory_.empty()) return;
  v2_ = true;
  const std::string v2 = version == system::Cgroup::Version::k2 ? path : "";
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
