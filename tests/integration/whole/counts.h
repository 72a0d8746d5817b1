// What the logger and the test share: a file in memory.
#pragma once

#include <atomic>
#include <cstdint>

namespace outrigger::whole {

inline constexpr int kThreadsMax = 64;

struct Counts {
  std::atomic<int32_t> service_pid;
  std::atomic<bool> stop;
  alignas(64) std::atomic<uint64_t> returned[kThreadsMax];
};

}  // namespace outrigger::whole
