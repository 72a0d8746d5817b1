// A tree of files as /proc and /sys/fs/cgroup have them, in memory, removed at the end.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "system/text.h"

namespace outrigger::system {

class Tree {
 public:
  Tree() {
    char path[] = "/dev/shm/outrigger-system-XXXXXX";
    root_ = mkdtemp(path);
  }
  ~Tree() { std::filesystem::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  Tree& file(const std::string& path, const std::string& text) {
    const std::filesystem::path place = root_ + "/" + path;
    std::filesystem::create_directories(place.parent_path());
    std::ofstream(place) << text;
    return *this;
  }
  Places places() const { return {root_ + "/proc", root_ + "/cgroup", root_ + "/block"}; }

 private:
  std::string root_;
};

}  // namespace outrigger::system
