// A request to give up, made by one thread to another that waits in the HTTP client.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "base/fd.h"

namespace outrigger::http {

// Once fired it stays fired; whatever waits under it returns at once, and whatever comes later does
// not begin. Any thread may fire it, also from a signal handler.
class Cancel {
 public:
  Cancel() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  void fire() {
    fired_.store(true, std::memory_order_release);
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(fd_.get(), &one, sizeof one);
  }
  bool fired() const { return fired_.load(std::memory_order_acquire); }
  // Readable once fired; -1 where there was no descriptor to be had: it is then seen between waits.
  int fd() const { return fd_.get(); }

 private:
  std::atomic<bool> fired_{false};
  const base::Fd fd_;
};

}  // namespace outrigger::http
