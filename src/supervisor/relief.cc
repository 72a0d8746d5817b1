#include "supervisor/relief.h"

#include <poll.h>
#include <unistd.h>

#include "base/text.h"

namespace outrigger::supervisor {
namespace {

bool has_event(int fd, short event) {
  pollfd events{fd, event, 0};
  return poll(&events, 1, 0) == 1 && (events.revents & event) != 0;
}

}  // namespace

void pass_on(int captured, int out) {
  for (int piece = 0; piece < kReliefPiecesMax; ++piece) {
    if (!has_event(captured, POLLIN) || !takes_bytes(out)) return;
    char bytes[kReliefPieceBytes];
    const ssize_t size = read(captured, bytes, sizeof bytes);
    if (size <= 0) return;
    base::write_all(out, {bytes, static_cast<size_t>(size)});
  }
}

bool takes_bytes(int fd) { return has_event(fd, POLLOUT | POLLERR | POLLHUP | POLLNVAL); }

}  // namespace outrigger::supervisor
