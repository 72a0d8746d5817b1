// The record: CPU samples of the last ten minutes, taken all the time at a low rate, so that it can be
// asked what has already happened. Used by one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "outrigger/result.h"
#include "pprof/job.h"
#include "pprof/time_stacks.h"

namespace outrigger::pprof {

class Record {
 public:
  static constexpr int64_t kSecondsMax = 600;
  // In memory at most (addresses of 8 bytes); beyond it reaches back less far, and says so.
  static constexpr size_t kAddressesMax = 1u << 20;

  explicit Record(int service_pid) : service_pid_(service_pid) {}

  void take(const segment::Sample& sample, Unwinder& unwinder);

  // The last `seconds`, at once.
  Result<std::string> since(int64_t seconds, Form form, Unwinder& unwinder) const;

 private:
  // Samples of some seconds; what is asked for is made of whole ones.
  struct Slice {
    Slice(int service_pid, int64_t began)
        : began_ns(began), taken(service_pid, kSliceAddressesMax) {}
    int64_t began_ns;  // CLOCK_MONOTONIC
    TimeStacks taken;
  };
  static constexpr size_t kSliceAddressesMax = kAddressesMax / 4;
  void make_room(int64_t now_ns);

  const int service_pid_;
  std::deque<Slice> slices_;
};

}  // namespace outrigger::pprof
