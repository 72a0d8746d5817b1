#include "pprof/task_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "base/fd.h"

namespace outrigger::pprof {
namespace {

const char* state_word(char state) {
  switch (state) {
    case 'R': return "running";
    case 'S': return "sleeping";
    case 'D': return "waiting for a device";
    case 'T': return "stopped";
    case 't': return "traced";
    case 'Z':
    case 'X': return "ended";
    default: return "unknown";
  }
}

std::string state_of(int pid, int32_t thread_id) {
  const std::string stat = task_file(pid, thread_id, "stat");
  // "17 (name) S ...": the name may itself hold parentheses.
  const size_t close = stat.rfind(") ");
  return state_word(close == std::string::npos || close + 2 >= stat.size() ? '?' : stat[close + 2]);
}

}  // namespace

std::string task_file(int pid, int32_t thread_id, const char* file) {
  char path[80];
  snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, thread_id, file);
  const base::Fd opened(open(path, O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t size = opened ? read(opened.get(), text, sizeof(text)) : -1;
  return std::string(text, size > 0 ? static_cast<size_t>(size) : 0);
}

std::string task_name(int pid, int32_t thread_id) {
  std::string name = task_file(pid, thread_id, "comm");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  for (char& c : name)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  return name;
}

std::vector<Task> tasks_of(int pid) {
  std::vector<Task> tasks;
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/task", pid);
  DIR* const directory = opendir(path);
  if (directory == nullptr) return tasks;
  while (const dirent* entry = readdir(directory)) {
    Task task;
    const char* const name = entry->d_name;
    if (std::from_chars(name, name + strlen(name), task.id).ec != std::errc()) continue;
    task.name = task_name(pid, task.id);
    task.state = state_of(pid, task.id);
    tasks.push_back(std::move(task));
    if (tasks.size() >= kTasksMax) break;
  }
  closedir(directory);
  return tasks;
}

}  // namespace outrigger::pprof
