#include "keeper/events.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/clock.h"

namespace outrigger::keeper {

Events::Events() : epoll_(epoll_create1(EPOLL_CLOEXEC)) { fds_.fill(-1); }

void Events::watch(Event event, int fd) {
  const auto kind = static_cast<uint32_t>(event);
  if (fds_[kind] == fd) return;
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.u32 = kind;
  if (fds_[kind] >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fds_[kind], nullptr);
  if (fd >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest);
  fds_[kind] = fd;
}

Events::Seen Events::wait(int64_t wait_ns) {
  std::array<epoll_event, kEventKinds> found;
  const auto room = static_cast<int>(found.size());
  const timespec wait{wait_ns / base::kNsPerSecond, wait_ns % base::kNsPerSecond};
  int count = -1;
  if (has_fine_wait_) {
    count = epoll_pwait2(epoll_.get(), found.data(), room, &wait, nullptr);
    has_fine_wait_ = count >= 0 || errno == EINTR;
  }
  if (!has_fine_wait_) {
    // Kernels before 5.11 count in milliseconds.
    if (wait_ns > 0 && wait_ns < base::kNsPerMs) nanosleep(&wait, nullptr);
    count =
        epoll_wait(epoll_.get(), found.data(), room, static_cast<int>(wait_ns / base::kNsPerMs));
  }
  Seen seen;
  for (int i = 0; i < count; ++i) seen.bits_ |= 1u << found[static_cast<size_t>(i)].data.u32;
  return seen;
}

}  // namespace outrigger::keeper
