#include "supervisor/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

namespace outrigger::supervisor {

Notifier::Notifier() {
  const char* path = getenv("NOTIFY_SOCKET");
  if (path == nullptr || (*path != '/' && *path != '@') || path[1] == '\0') return;
  const size_t length = strlen(path);
  if (length >= sizeof address_.sun_path) return;
  address_.sun_family = AF_UNIX;
  memcpy(address_.sun_path, path, length);
  // '@' stands for the NUL that begins a name in the abstract namespace.
  if (*path == '@') address_.sun_path[0] = '\0';
  address_bytes_ = static_cast<unsigned>(offsetof(sockaddr_un, sun_path) + length);

  const char* usec = getenv("WATCHDOG_USEC");
  const char* pid = getenv("WATCHDOG_PID");
  if (usec == nullptr || (pid != nullptr && base::Decimal(getpid()).view() != pid)) return;
  const long long interval_us = strtoll(usec, nullptr, 10);
  constexpr long long kOneDayUs = 86'400'000'000;
  // Twice in each interval, as sd_watchdog_enabled(3) recommends.
  if (interval_us > 0 && interval_us < kOneDayUs) watchdog_interval_ns_ = interval_us * 1000 / 2;
}

bool Notifier::send(std::string_view state) {
  if (!socket_) socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const ssize_t sent = sendto(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address_), address_bytes_);
  return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != EINTR);
}

void Notifier::say(unsigned what) {
  pending_ |= what;
  retry();
}

void Notifier::retry() {
  if (address_bytes_ == 0) return;
  if ((pending_ & kReady) != 0 && send("READY=1")) pending_ &= ~kReady;
  if ((pending_ & kStopping) != 0 && send("STOPPING=1")) pending_ &= ~kStopping;
}

void Notifier::alive() {
  // Never retried: the next one comes soon.
  if (watchdog_interval_ns_ != 0) send("WATCHDOG=1");
}

}  // namespace outrigger::supervisor
