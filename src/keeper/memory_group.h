// The control group whose memory limit the service lives under: how much there is, and whether the
// kernel has killed for want of it. cgroups of version 2 and 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace outrigger::keeper {

class MemoryGroup {
 public:
  MemoryGroup() = default;
  // The group of this process, which the service shares. Below /sys/fs/cgroup, or where tests say.
  explicit MemoryGroup(const std::string& cgroup_text, const std::string& root = "/sys/fs/cgroup");
  // By /proc/self/cgroup.
  static MemoryGroup own();

  // Empty when there is none.
  const std::string& directory() const { return directory_; }
  // None without a limit.
  std::optional<uint64_t> limit_bytes() const;
  // All that counts against it; cheap to ask.
  uint64_t charged_bytes() const;
  // What counts against it and cannot be given back at once: file pages that nobody used lately are
  // not in it.
  uint64_t used_bytes() const;
  // Processes of the group that the OOM killer has ended so far; without a group, of the machine.
  uint64_t oom_kills() const;
  // The kernel kills all processes of the group together (memory.oom.group, as Kubernetes sets it):
  // then nobody is left to tell of it.
  bool dies_together() const;

 private:
  std::string directory_;
  bool v2_ = false;
};

}  // namespace outrigger::keeper
