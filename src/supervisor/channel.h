// Words between the supervisor and a child, over a SOCK_SEQPACKET pair: fixed-size messages, never
// waited for.
#pragma once

#include <cstdint>

#include "base/fd.h"
#include "segment/role.h"

namespace outrigger::supervisor {

// Drops the word when the peer is gone or has not read hundreds of words before this one.
void say(int channel, segment::Word word, int32_t value = 0, int32_t more = 0);

enum class Heard { kNothing, kWord, kClosed };

// The next word, if one is there. A descriptor that rides along goes to `passenger`
// (close-on-exec); with nullptr the kernel discards it. Messages of a wrong size are skipped.
Heard hear(int channel, segment::Message& message, base::Fd* passenger);

}  // namespace outrigger::supervisor
