#include "supervisor/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

namespace outrigger::supervisor {

void say(int channel, segment::Word word, int32_t value, int32_t more) {
  const segment::Message message{word, value, more, 0};
  while (send(channel, &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
         errno == EINTR) {
  }
}

Heard hear(int channel, segment::Message& message, base::Fd* passenger) {
  for (;;) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec part{&message, sizeof message};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (passenger != nullptr) {
      header.msg_control = control;
      header.msg_controllen = sizeof control;
    }
    const ssize_t size = recvmsg(channel, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN ? Heard::kNothing : Heard::kClosed;
    if (size == 0) return Heard::kClosed;
    base::Fd received;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      int fd = -1;
      memcpy(&fd, CMSG_DATA(c), sizeof fd);
      received.reset(fd);
    }
    if (size != sizeof message || (header.msg_flags & MSG_TRUNC) != 0) continue;
    if (passenger != nullptr) *passenger = std::move(received);
    return Heard::kWord;
  }
}

}  // namespace outrigger::supervisor
