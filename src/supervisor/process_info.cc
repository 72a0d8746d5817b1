#include "supervisor/process_info.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <string_view>

#include "base/fd.h"
#include "base/text.h"

namespace outrigger::supervisor {

bool is_traced(const char* process) {
  base::FixedText<40> path;
  path.add("/proc/").add(process).add("/status");
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char bytes[1024];  // the line is the eighth
  const ssize_t size = file ? read(file.get(), bytes, sizeof bytes) : 0;
  if (size <= 0) return false;
  const std::string_view status(bytes, static_cast<size_t>(size));
  constexpr std::string_view kField = "\nTracerPid:\t";
  const size_t at = status.find(kField);
  return at != std::string_view::npos && at + kField.size() < status.size() &&
         status[at + kField.size()] != '0';
}

bool is_traced(pid_t pid) {
  base::FixedText<16> number;
  number.add(pid);
  return is_traced(number.c_str());
}

uint64_t major_faults(pid_t pid) {
  base::FixedText<40> path;
  path.add("/proc/").add(pid).add("/stat");
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char bytes[512];
  const ssize_t size = file ? read(file.get(), bytes, sizeof bytes - 1) : 0;
  if (size <= 0) return 0;
  bytes[size] = '\0';
  // The name, which may contain anything, ends at the last parenthesis; majflt is the tenth behind it.
  const char* at = strrchr(bytes, ')');
  for (int field = 0; at != nullptr && field < 10; ++field) at = strchr(at + 1, ' ');
  return at == nullptr ? 0 : strtoull(at, nullptr, 10);
}

}  // namespace outrigger::supervisor
