// What the logger and the test share: a file in memory.
#pragma once

#include <atomic>
#include <cstdint>

namespace outrigger::whole {

inline constexpr int kThreadsMax = 64;
inline constexpr int kCostNsMax = 512;  // longer calls count here

struct Counts {
  std::atomic<int32_t> service_pid;
  std::atomic<bool> stop;
  alignas(64) std::atomic<uint64_t> returned[kThreadsMax];
  // What a log call costs, in bursts of 50: how many bursts took so many nanoseconds a call, in
  // each phase of a test.
  std::atomic<uint32_t> phase;
  std::atomic<uint32_t> cost[2][kCostNsMax + 1];
  // Of those calls: how often the thread that made them slept, and what they took where the machine
  // lets instructions be counted.
  std::atomic<uint64_t> cost_calls[2];
  std::atomic<uint64_t> cost_sleeps[2];
  std::atomic<uint64_t> cost_instructions[2];
};

}  // namespace outrigger::whole
