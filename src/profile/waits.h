// Sampled waits: of the time that threads wait for each other, one moment in every so many (10 ms of
// waiting in the mean) is met, and the call stack of the thread that waited then is copied when its
// wait is over. interpose_waits.cc calls this.
//
// Any thread. In a child of fork() nothing is sampled.
#pragma once

#include <cstdint>

#include "segment/samples.h"

namespace outrigger::profile {

// CLOCK_MONOTONIC, or 0 when waits are not sampled.
int64_t wait_begins() noexcept;
// `began`: what wait_begins() has said.
void wait_ends(segment::WaitKind kind, int64_t began) noexcept;

}  // namespace outrigger::profile

// Defined beside the hooks, so that its presence tells that the program is linked with them.
extern "C" [[gnu::weak]] const char outrigger_wait_hooks;
