// Telling the init system how things stand (sd_notify(3)), on behalf of the whole crew.
#pragma once

#include <sys/un.h>

#include <cstdint>
#include <string_view>

#include "base/fd.h"

namespace outrigger::supervisor {

class Notifier {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Without the first, all that follows does
  // nothing.
  Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void ready() { say(kReady); }
  void stopping() { say(kStopping); }
  void alive();
  // Sends what could not be sent when it was said: the init system's queue was full.
  void retry();

  // How often it wants to hear alive(); 0: never.
  int64_t watchdog_interval_ns() const { return watchdog_interval_ns_; }

 private:
  static constexpr unsigned kReady = 1;
  static constexpr unsigned kStopping = 2;

  void say(unsigned what);
  bool send(std::string_view state);

  sockaddr_un address_{};
  unsigned address_bytes_ = 0;  // 0: nobody to tell
  unsigned pending_ = 0;
  int64_t watchdog_interval_ns_ = 0;
  base::Fd socket_;
};

}  // namespace outrigger::supervisor
