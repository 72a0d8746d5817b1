// The service's part of a crash report: a handler for the signals that a thread causes by a fault of
// its own. It copies registers, hands over to the keeper (segment/crash.h), waits two seconds at
// most, and lets the signal do what it would have done: the program's end is the same with and
// without it. Unwinding, names and all else are the keeper's.
//
// std::terminate() leaves the exception's type and what() first.
//
// Not under a sanitizer, which reports crashes itself.
#pragma once

namespace outrigger::profile {

// After attach_process(), before other threads start. `keeper_bell`: an eventfd that wakes the
// keeper, or -1.
void watch_for_crashes(int keeper_bell);

// Handlers that the program has put over ours since are chained: they come after the report. Once,
// when the program has installed what it wants; a handler that comes later wins.
void chain_crash_handlers();

// Looks whether the handlers are still in place and shows it in the segment.
void look_at_crash_handlers();

}  // namespace outrigger::profile
