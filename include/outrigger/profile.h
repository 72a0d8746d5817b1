// What a program may say to the profiler. Profiles themselves are asked for at the admin port
// (/debug/pprof/) and need nothing of this.
//
// Thread-safe; without run() or adopt() nothing happens.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace outrigger::profile {

// Tags the samples that are taken of the calling thread while it exists: CPU, wall, heap and wait
// profiles show them by `go tool pprof -tags` and -tagfocus, and the flame graph splits by them. Of
// labels with one key the innermost counts. Async-signal-safe; some 10 ns.
//
// A thread's labels take 512 bytes together; a key is cut at 63 bytes, a value at 127, and what does
// not fit any more is left out. Each different value makes the profile larger: a route, not a URL.
// Labels belong to the thread and its scopes: not for a coroutine that may go on elsewhere.
class [[nodiscard]] Label {
 public:
  Label(std::string_view key, std::string_view value) noexcept;
  ~Label();
  Label(const Label&) = delete;
  Label& operator=(const Label&) = delete;

 private:
  const std::uint32_t before_;
};

// const auto tag = profile::label("route", route);
inline Label label(std::string_view key, std::string_view value) noexcept {
  return Label(key, value);
}

// The calling thread is left out of CPU profiles from now on: one that must not be interrupted even
// for the few microseconds that copying its stack takes.
void exclude_thread() noexcept;

// One allocation in so many bytes, in the mean, is sampled for heap profiles from now on: 512 KiB
// unless this is called, 0 for none. Less costs more and is more exact: with n samples a number is
// off by one part in the square root of n. Does nothing in a file that is linked with NO_HEAP_PROFILE.
void set_heap_interval(std::size_t bytes) noexcept;

// The record of the last ten minutes (profile?since=10m) is made of so many samples in each second of
// CPU time of a thread, from now on: 10 unless this is called, 0 for none.
void set_record_rate(unsigned hz) noexcept;

// One moment in so much time that threads wait for locks and each other, in the mean, is sampled for
// the profiles `mutex` and `block` from now on: 10 ms unless this is called, 0 for none.
void set_wait_interval(std::chrono::nanoseconds interval) noexcept;

}  // namespace outrigger::profile
