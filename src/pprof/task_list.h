// A process's threads, from /proc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace outrigger::pprof {

inline constexpr size_t kTasksMax = 16'384;

struct Task {
  int32_t id = 0;
  std::string name;   // control characters become '?'
  std::string state;  // "running", "sleeping", ...
};

// Empty when there is no such process, or no /proc.
std::vector<Task> tasks_of(int pid);

// Empty when the thread has ended.
std::string task_name(int pid, int32_t thread_id);

}  // namespace outrigger::pprof
