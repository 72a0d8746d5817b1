// Which control group this process is in, for a controller: version 1 or 2, mixed ones included, seen
// from inside a container as well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "system/text.h"

namespace outrigger::system {

struct Cgroup {
  enum class Version { kNone, k1, k2 };
  Version version = Version::kNone;
  // Its own directory, then those above it up to the topmost that can be seen: limits of each hold.
  std::vector<std::string> directories{};
};

// "/user.slice/a": what /proc/PID/cgroup says for a controller; empty when it says nothing, or a path
// that does not lie below the mount. `version` says which.
std::string cgroup_path(std::string_view proc_cgroup, std::string_view controller,
                        Cgroup::Version& version);

// Of this process. Where its path is not there, as in a container that sees the machine's paths but
// has only its own group mounted, the mount itself is the group.
Cgroup find_cgroup(const Places& places, std::string_view controller);

}  // namespace outrigger::system
