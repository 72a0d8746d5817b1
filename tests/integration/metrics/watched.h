// What a test reads of a running service from outside: samples of /metrics, memory, processor time.
#pragma once

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "harness.h"

namespace outrigger::whole {

// "seen_total{User=\"other\"}" of the Prometheus text; nothing when it is not there.
inline std::optional<double> sample_of(const std::string& page, const std::string& name) {
  const std::string line = "\n" + name + " ";
  const size_t at = ("\n" + page).find(line);
  if (at == std::string::npos) return std::nullopt;
  return strtod(page.c_str() + at + line.size() - 1, nullptr);
}

inline std::string metrics_page(int admin_port) {
  return http(admin_port, "/metrics", "GET", kPatience, "Accept: text/plain\r\n").body;
}

// Resident bytes of a process, without its share of memory that is a file's: code, the segment.
inline int64_t own_bytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return strtoll(line.c_str() + 8, nullptr, 10) * 1024;
  return -1;
}

// Processor time of a process's threads of that name, in nanoseconds.
inline int64_t cpu_ns(pid_t pid, const std::string& thread) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task/";
  int64_t sum = 0;
  DIR* const directory = opendir(tasks.c_str());
  if (directory == nullptr) return -1;
  while (const dirent* const entry = readdir(directory)) {
    std::string name;
    std::ifstream(tasks + entry->d_name + "/comm") >> name;
    int64_t ns = 0;
    std::ifstream(tasks + entry->d_name + "/schedstat") >> ns;
    if (thread.empty() || name == thread) sum += ns;
  }
  closedir(directory);
  return sum;
}

// A memfd that a process has open, "outrigger-segment": what it could hold, and what of it is there.
struct Memfd {
  int64_t bytes = -1;
  int64_t touched = -1;
};
inline Memfd memfd_of(pid_t pid, const std::string& name) {
  const std::string open_files = "/proc/" + std::to_string(pid) + "/fd/";
  Memfd found;
  DIR* const directory = opendir(open_files.c_str());
  if (directory == nullptr) return found;
  while (const dirent* const entry = readdir(directory)) {
    const std::string path = open_files + entry->d_name;
    char target[256] = {};
    struct stat what {};
    if (readlink(path.c_str(), target, sizeof target - 1) < 0 ||
        !std::string_view(target).starts_with("/memfd:" + name) || stat(path.c_str(), &what) != 0)
      continue;
    found = {what.st_size, what.st_blocks * 512};
  }
  closedir(directory);
  return found;
}

}  // namespace outrigger::whole
