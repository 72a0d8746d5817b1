// What a program may say to the profiler. Profiles themselves are asked for at the admin port
// (/debug/pprof/) and need nothing of this.
//
// Thread-safe; without run() or adopt() nothing happens.
#pragma once

namespace outrigger::profile {

// The calling thread is left out of CPU profiles from now on: one that must not be interrupted even
// for the few microseconds that copying its stack takes.
void exclude_thread() noexcept;

}  // namespace outrigger::profile
