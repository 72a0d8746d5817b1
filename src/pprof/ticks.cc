#include "pprof/ticks.h"

#include <unistd.h>

#include <algorithm>

namespace outrigger::pprof {

using segment::SampleRefusal;
using segment::SampleShare;
using segment::TickClock;

uint32_t Ticks::ask(TickClock clock, uint32_t hz) {
  profile_hz_[static_cast<size_t>(clock)] = hz;
  return send();
}

void Ticks::record(uint32_t hz) {
  if (hz == record_hz_) return;
  record_hz_ = hz;
  send();
}

uint32_t Ticks::send() {
  SampleShare& share = segment::samples(view_);
  const uint32_t cpu_hz = profile_hz_[static_cast<size_t>(TickClock::kCpu)];
  share.hz[static_cast<size_t>(TickClock::kCpu)].store(std::max(cpu_hz, record_hz_),
                                                       std::memory_order_relaxed);
  share.hz[static_cast<size_t>(TickClock::kWall)].store(
      profile_hz_[static_cast<size_t>(TickClock::kWall)], std::memory_order_relaxed);
  share.record_only.store(cpu_hz == 0, std::memory_order_relaxed);
  // Release: pairs with the control thread's acquire.
  const uint32_t asked = share.asked.fetch_add(1, std::memory_order_release) + 1;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = write(service_bell_, &one, sizeof(one));
  return asked;
}

bool Ticks::applied() const {
  const SampleShare& share = segment::samples(view_);
  return share.applied.load(std::memory_order_acquire) ==
         share.asked.load(std::memory_order_relaxed);
}

Result<void> Ticks::refusal() const {
  switch (
      static_cast<SampleRefusal>(segment::samples(view_).refusal.load(std::memory_order_relaxed))) {
    case SampleRefusal::kSignalTaken:
      return Error{ErrorKind::kUnavailable,
                   "the program handles SIGPROF itself, so its threads cannot be sampled",
                   {}};
    case SampleRefusal::kNoTimers:
      return Error{ErrorKind::kUnavailable,
                   "the kernel gave the service's threads no timers (timer_create): see ulimit -i",
                   {}};
    default: return {};
  }
}

}  // namespace outrigger::pprof
