#include "supervisor/standard_fds.h"

#include <fcntl.h>
#include <unistd.h>

namespace outrigger::supervisor {

base::Fd empty_input() {
  base::Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null) return null;
  // An empty chroot: the read end of a pipe that nobody writes to.
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  close(ends[1]);
  return base::Fd(ends[0]);
}

void fill_standard_fds() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is given out, and all below `fd` are taken.
    if (fd == STDIN_FILENO) {
      base::Fd input = empty_input();
      if (input.get() == fd) fcntl(input.release(), F_SETFD, 0);
    } else {
      // A descriptor for the path alone: it exists, and every read and write of it fails with
      // EBADF.
      (void)!open("/", O_PATH);
    }
  }
}

}  // namespace outrigger::supervisor
