// The few lines that a program says for itself: results on stdout, reasons on stderr.
#pragma once

#include <errno.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/text.h"
#include "supervisor/crew.h"

namespace outrigger::service {

inline constexpr int kExitFine = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// On the stderr that the program was started with: a service's own is a pipe to the keeper.
inline void say_error(std::string_view program, std::string_view sentence) {
  std::string line(program);
  line += ": ";
  line += sentence;
  line += '\n';
  base::write_all(supervisor::crew().plain_err(), line);
}

// Returns the exit status: a result that nobody got is a failure.
inline int print(std::string_view program, std::string_view text) {
  errno = 0;
  for (size_t done = 0; done < text.size();) {
    const ssize_t written = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      say_error(program, "cannot write to stdout: " + std::string(base::error_text(errno)));
      return kExitFailed;
    }
    done += static_cast<size_t>(written);
  }
  return kExitFine;
}

}  // namespace outrigger::service
