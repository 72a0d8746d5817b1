// The environment of the children: the program's own, without what was meant for the supervisor
// alone, with the role.
#pragma once

#include <cstdint>

#include "base/mapping.h"
#include "base/text.h"
#include "segment/role.h"

namespace outrigger::supervisor {

class Environment {
 public:
  // The strings of `environment` are not copied; they outlive this object. Empty on failure, with
  // errno set.
  explicit Environment(char** environment);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  explicit operator bool() const { return static_cast<bool>(entries_); }

  // To be called in the new process, before exec: names the card, and in a service gives it the
  // listening sockets that the init system handed to the supervisor's pid.
  char** for_child(segment::Role role, int card);

 private:
  base::Mapping entries_;  // two slots, then the inherited entries, then nullptr
  base::FixedText<32> role_;
  base::FixedText<32> listen_pid_;
  bool has_listeners_ = false;
};

}  // namespace outrigger::supervisor
