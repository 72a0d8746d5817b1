// What a program may say to the profiler. Profiles themselves are asked for at the admin port
// (/debug/pprof/) and need nothing of this.
//
// Thread-safe; without run() or adopt() nothing happens.
#pragma once

#include <chrono>
#include <cstddef>

namespace outrigger::profile {

// The calling thread is left out of CPU profiles from now on: one that must not be interrupted even
// for the few microseconds that copying its stack takes.
void exclude_thread() noexcept;

// One allocation in so many bytes, in the mean, is sampled for heap profiles from now on: 512 KiB
// unless this is called, 0 for none. Less costs more and is more exact: with n samples a number is
// off by one part in the square root of n. Does nothing in a file that is linked dynamically or with
// NO_HEAP_PROFILE.
void set_heap_interval(std::size_t bytes) noexcept;

// One moment in so much time that threads wait for locks and each other, in the mean, is sampled for
// the profiles `mutex` and `block` from now on: 10 ms unless this is called, 0 for none.
void set_wait_interval(std::chrono::nanoseconds interval) noexcept;

}  // namespace outrigger::profile
