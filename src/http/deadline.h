// A point in time by which something must be over, and waiting for descriptors until then. Value
// type.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace outrigger::http {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(std::chrono::milliseconds from_now) : at_(Clock::now() + from_now) {}
  explicit Deadline(Clock::time_point at) : at_(at) {}

  Clock::time_point at() const { return at_; }
  std::chrono::milliseconds left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
  }
  // This one's share when `parts` attempts are to fit into what is left.
  Deadline share(size_t parts) const {
    constexpr std::chrono::milliseconds kLeast(200);
    const auto part =
        std::max<std::chrono::milliseconds>(left() / std::max<size_t>(parts, 1), kLeast);
    return Deadline(std::min(at_, Clock::now() + part));
  }
  // Waits for POLLIN or POLLOUT. False when the time is over.
  bool wait(int fd, short events) const {
    for (;;) {
      pollfd poll{fd, events, 0};
      const auto milliseconds = std::min<std::chrono::milliseconds>(left(), std::chrono::hours(1));
      const int count = ::poll(&poll, 1, static_cast<int>(milliseconds.count()));
      if (count > 0) return true;
      if (count == 0 && left().count() == 0) return false;
      if (count < 0 && errno != EINTR) return false;
    }
  }

 private:
  Clock::time_point at_;
};

}  // namespace outrigger::http
