// The keeper's end of its channel to the supervisor: words of fixed size, never waited for.
#pragma once

#include <cstdint>

#include "segment/role.h"

namespace outrigger::keeper {

class Channel {
 public:
  // `fd` is used, not owned; -1: there is no supervisor, and nothing is ever heard.
  explicit Channel(int fd) : fd_(fd) {}

  int fd() const { return fd_; }
  void say(segment::Word word, int32_t value = 0) const;
  // Hands a listening socket over, for the keepers to come.
  void hand_over(int listener) const;

  enum class Heard { kNothing, kWord, kClosed };
  Heard hear(segment::Message& message);

 private:
  int fd_;
};

}  // namespace outrigger::keeper
