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

// The first 512 bytes of a file below /proc/PID/task/TID; empty when there is none.
std::string task_file(int pid, int32_t thread_id, const char* file);

// Empty when the thread has ended.
std::string task_name(int pid, int32_t thread_id);

}  // namespace outrigger::pprof
