#include "system/cgroup.h"

#include <unistd.h>

namespace outrigger::system {
namespace {

constexpr size_t kPathMax = 4096;
constexpr size_t kDepthMax = 32;

bool names(std::string_view list, std::string_view controller) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == controller) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

bool is_there(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

std::string cgroup_path(std::string_view proc_cgroup, std::string_view controller,
                        Cgroup::Version& version) {
  version = Cgroup::Version::kNone;
  std::string_view found;
  for (const std::string_view line : lines_of(proc_cgroup)) {
    // "4:memory:/path", "0::/path"
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view list = line.substr(first + 1, second - first - 1);
    const bool is_unified = line.substr(0, first) == "0" && list.empty();
    if (!is_unified && !names(list, controller)) continue;
    // A controller is in one hierarchy only: where version 1 has it, version 2 has not.
    if (is_unified && version == Cgroup::Version::k1) continue;
    version = is_unified ? Cgroup::Version::k2 : Cgroup::Version::k1;
    found = line.substr(second + 1);
  }
  if (!found.starts_with('/') || found.size() > kPathMax ||
      found.find("/..") != std::string_view::npos || found.find('\0') != std::string_view::npos)
    return {};
  return found == "/" ? std::string() : std::string(found);
}

Cgroup find_cgroup(const Places& places, std::string_view controller) {
  Cgroup group;
  std::string path =
      cgroup_path(small_file(places.proc + "/self/cgroup"), controller, group.version);
  std::string root = places.cgroup;
  if (group.version == Cgroup::Version::k1) root += "/" + std::string(controller);
  else if (!is_there(root + "/cgroup.controllers")) root += "/unified";
  if (group.version == Cgroup::Version::kNone || !is_there(root + "/cgroup.procs")) return {};
  if (!is_there(root + path + "/cgroup.procs")) path.clear();
  for (size_t depth = 0; depth < kDepthMax; ++depth) {
    group.directories.push_back(root + path);
    if (path.empty()) break;
    path.resize(path.rfind('/'));
  }
  return group;
}

}  // namespace outrigger::system
