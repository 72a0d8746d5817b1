#include "supervisor/process_info.h"

#include <fcntl.h>
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

}  // namespace outrigger::supervisor
