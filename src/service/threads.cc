#include <dirent.h>
#include <fcntl.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/fd.h"
#include "outrigger/log.h"
#include "service/control.h"

namespace outrigger::service {
namespace {

std::string_view state_word(char state) {
  switch (state) {
    case 'R': return "running";
    case 'S': return "sleeping";
    case 'D': return "waiting for a device";
    case 'T': return "stopped";
    case 't': return "stopped by a debugger";
    case 'Z': return "ended";
    default: return "unknown";
  }
}

// /proc/self/task/<id>/stat: "17 (name) S ..."; the name may itself hold parentheses.
void log_thread(int task_dir, const char* id) {
  char path[32];
  char text[512];
  if (snprintf(path, sizeof path, "%s/stat", id) >= static_cast<int>(sizeof path)) return;
  const base::Fd file(openat(task_dir, path, O_RDONLY | O_CLOEXEC));
  const ssize_t size = file ? read(file.get(), text, sizeof text) : -1;
  if (size <= 0) return;  // it has just ended
  const std::string_view stat(text, static_cast<size_t>(size));
  const size_t open = stat.find('(');
  const size_t close = stat.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close + 2 >= stat.size())
    return;
  int32_t number = 0;
  std::from_chars(id, id + strlen(id), number);
  log::info("thread {thread_id} ({thread_name}) is {thread_state}", number,
            stat.substr(open + 1, close - open - 1), state_word(stat[close + 2]));
}

}  // namespace

void log_threads() {
  DIR* directory = opendir("/proc/self/task");
  if (directory == nullptr) {
    log::warn("the threads cannot be listed: /proc is not there");
    return;
  }
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') log_thread(dirfd(directory), entry->d_name);
  }
  closedir(directory);
}

}  // namespace outrigger::service
