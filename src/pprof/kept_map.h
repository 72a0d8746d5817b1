// Where a process has mapped its files, kept beyond its end, and beyond that of whoever has asked: in
// memory that a successor finds. Without it the addresses of a process that has gone name nothing.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace outrigger::pprof {

// All zero: nothing is kept yet. One writer at a time.
struct KeptMap {
  static constexpr size_t kBytesMax = 8188;
  std::atomic<uint32_t> bytes;
  char text[kBytesMax];
};

// The lines of /proc/PID/maps that are of files: the program and its libraries. Those are kept, the
// first 8 KB of them, while the process lives; afterwards they are what was kept last.
std::string map_of(pid_t pid, KeptMap& kept);

}  // namespace outrigger::pprof
