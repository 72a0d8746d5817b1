// A descriptor that is closed at the end of its scope. Not copied; not thread-safe by itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace outrigger::base {

class Fd {
 public:
  Fd() = default;
  // Takes ownership. A negative number means none, so the result of open() or socket() can be
  // passed as it is.
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Fd() { reset(); }

  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // Gives ownership away.
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    // Linux frees the number even when close() says EINTR: it is never repeated.
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace outrigger::base
