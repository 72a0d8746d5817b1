// A point in time by which something must be over, and waiting for descriptors until then. Value
// type.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "http/cancel.h"

namespace outrigger::http {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  // With `cancel`, which must outlive it and all its copies, it is over too once that is fired.
  explicit Deadline(std::chrono::milliseconds from_now, const Cancel* cancel = nullptr)
      : at_(Clock::now() + from_now), cancel_(cancel) {}
  explicit Deadline(Clock::time_point at, const Cancel* cancel = nullptr)
      : at_(at), cancel_(cancel) {}

  bool cancelled() const { return cancel_ != nullptr && cancel_->fired(); }
  std::chrono::milliseconds left() const {
    if (cancelled()) return std::chrono::milliseconds(0);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
  }
  // This one's share when `parts` attempts are to fit into what is left.
  Deadline share(size_t parts) const {
    constexpr std::chrono::milliseconds kLeast(200);
    const auto part =
        std::max<std::chrono::milliseconds>(left() / std::max<size_t>(parts, 1), kLeast);
    return within(part);
  }
  // The same, but not later than `limit` from now.
  Deadline within(std::chrono::milliseconds limit) const {
    return Deadline(std::min(at_, Clock::now() + limit), cancel_);
  }
  // Waits for POLLIN or POLLOUT. False when the time is over.
  bool wait(int fd, short events) const {
    pollfd polls[] = {{fd, events, 0}, {cancel_ == nullptr ? -1 : cancel_->fd(), POLLIN, 0}};
    for (;;) {
      const auto milliseconds = std::min<std::chrono::milliseconds>(left(), std::chrono::hours(1));
      const int count = ::poll(polls, 2, static_cast<int>(milliseconds.count()));
      if (cancelled()) return false;
      if (count > 0) return true;
      if (count == 0 && left().count() == 0) return false;
      if (count < 0 && errno != EINTR) return false;
    }
  }
  // Lets the time pass. True when it did, false when it was cut short.
  bool pass() const { return !wait(-1, 0) && !cancelled(); }

 private:
  Clock::time_point at_;
  const Cancel* cancel_;
};

}  // namespace outrigger::http
