// What the keeper's loop waits for: a few descriptors, each for one purpose, and a time. An idle
// keeper waits a hundred times a second, so waiting has to be cheap: the descriptors are made known
// once. Belongs to one thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/fd.h"

namespace outrigger::keeper {

enum class Event : uint32_t { kChannel, kSignals, kStop, kBell, kPrinted, kComplained, kService };
inline constexpr uint32_t kEventKinds = 7;

class Events {
 public:
  Events();

  // From now on that event is `fd` being readable, or hung up; -1: nothing.
  void watch(Event event, int fd);

  class Seen {
   public:
    bool has(Event event) const { return (bits_ >> static_cast<uint32_t>(event) & 1) != 0; }
    explicit operator bool() const { return bits_ != 0; }

   private:
    friend class Events;
    uint32_t bits_ = 0;
  };
  // Waits for an event, at most `wait_ns`.
  Seen wait(int64_t wait_ns);

 private:
  base::Fd epoll_;
  std::array<int, kEventKinds> fds_;
  bool has_fine_wait_ = true;  // the kernel knows epoll_pwait2()
};

}  // namespace outrigger::keeper
