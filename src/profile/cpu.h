// Samples of threads' time: a timer for each thread, on its own CPU clock or on everyone's (wall),
// and a signal handler that copies registers and the top of the stack into the segment. It never
// unwinds; the keeper does.
//
//   keeper asks (segment/samples.h) ─ bell ─► look(), on the control thread: a timer for each thread
//   that is there ─► handler, on each thread: copy into a free cell ─► keeper
//
// A thread that starts meanwhile gives itself a timer when pthread_create is ours (interpose.cc);
// others, and those that the pass has missed, are found within kLookAgainMs. While ticks are for the
// keeper's record alone, which goes on all the time, threads pay nothing for their start: they are
// found within kRecordLookMs.
//
// The handler reads the stack through process_vm_readv: whatever stack the thread stands on (an
// alternate one, a fiber's) and however little of it is mapped, nothing can fault.
#pragma once

namespace outrigger::profile {

inline constexpr int kLookAgainMs = 200;
inline constexpr int kRecordLookMs = 1000;

// Does what the keeper asks. The control thread alone calls it: at each bell, and again after the
// milliseconds that it returns (-1: no need).
int look();

// The calling thread begins or ends. Does nothing unless a profile is being taken.
void thread_begins() noexcept;
void thread_ends() noexcept;

}  // namespace outrigger::profile
