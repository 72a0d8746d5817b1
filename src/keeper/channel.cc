#include "keeper/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

namespace outrigger::keeper {

void Channel::say(segment::Word word, int32_t value) const {
  const segment::Message message{word, value, 0, 0};
  while (fd_ >= 0 && send(fd_, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
         errno == EINTR) {
  }
}

void Channel::hand_over(int listener) const {
  if (fd_ < 0) return;
  segment::Message message{segment::Word::kListener, 0, 0, 0};
  iovec part{&message, sizeof(message)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(rights), &listener, sizeof(listener));
  while (sendmsg(fd_, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

Channel::Heard Channel::hear(segment::Message& message) {
  for (;;) {
    if (fd_ < 0) return Heard::kNothing;
    const ssize_t size = recv(fd_, &message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);
    if (size == static_cast<ssize_t>(sizeof(message))) return Heard::kWord;
    if (size > 0 || (size < 0 && errno == EINTR)) continue;
    if (size < 0 && errno == EAGAIN) return Heard::kNothing;
    fd_ = -1;
    return Heard::kClosed;
  }
}

}  // namespace outrigger::keeper
