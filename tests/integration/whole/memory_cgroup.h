// A memory control group of version 1, as the machine may have it, below the root or another one.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "harness.h"

namespace outrigger::whole {

// Tests false: there is none to be had.
class MemoryCgroup {
 public:
  explicit MemoryCgroup(size_t limit_bytes)
      : MemoryCgroup(limit_bytes,
                     "/sys/fs/cgroup/memory/outrigger-test-" + std::to_string(getpid())) {}
  // Within another one.
  MemoryCgroup(size_t limit_bytes, const MemoryCgroup& parent)
      : MemoryCgroup(limit_bytes, parent.directory_ + "/inner") {}
  // Waits until whoever was in it has ended.
  ~MemoryCgroup() {
    if (!directory_.empty()) eventually(kPatience, [&] { return rmdir(directory_.c_str()) == 0; });
  }
  MemoryCgroup(const MemoryCgroup&) = delete;
  MemoryCgroup& operator=(const MemoryCgroup&) = delete;

  explicit operator bool() const { return !directory_.empty(); }
  // The calling process moves there.
  void enter() const { write("cgroup.procs", std::to_string(getpid())); }
  // The number of a file; that of a line that begins with `key`. -1: there is none.
  int64_t number(const std::string& file, const std::string& key = "") const {
    const std::string text = "\n" + read_file(directory_ + "/" + file);
    const std::string begin = "\n" + (key.empty() ? key : key + " ");
    const size_t at = text.find(begin);
    return at == std::string::npos ? -1 : strtoll(text.c_str() + at + begin.size(), nullptr, 10);
  }

 private:
  MemoryCgroup(size_t limit_bytes, const std::string& directory) {
    if (mkdir(directory.c_str(), 0755) != 0) return;
    directory_ = directory;
    if (write("memory.limit_in_bytes", std::to_string(limit_bytes))) return;
    rmdir(directory_.c_str());
    directory_.clear();
  }
  bool write(const std::string& file, const std::string& text) const {
    const int fd = open((directory_ + "/" + file).c_str(), O_WRONLY | O_CLOEXEC);
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(fd);
    return written;
  }

  std::string directory_;
};

}  // namespace outrigger::whole
