// Which ticks of its threads' clocks the service is asked for: by profiles, and for the record.
// Used by one thread.
#pragma once

#include <array>
#include <cstdint>

#include "outrigger/result.h"
#include "segment/samples.h"

namespace outrigger::pprof {

class Ticks {
 public:
  Ticks(segment::View view, int service_bell) : view_(view), service_bell_(service_bell) {}

  // For a profile; 0: no longer. Samples taken from then on bear this number or a later one.
  uint32_t ask(segment::TickClock clock, uint32_t hz);
  // CPU ticks for the record.
  void record(uint32_t hz);

  // The service has done what was asked last.
  bool applied() const;
  // An error when it could not.
  Result<void> refusal() const;

 private:
  uint32_t send();

  const segment::View view_;
  const int service_bell_;
  std::array<uint32_t, segment::kTickClocks> profile_hz_{};
  uint32_t record_hz_ = 0;
};

}  // namespace outrigger::pprof
