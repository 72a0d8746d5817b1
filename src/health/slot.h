// One check's place in the segment, written under its seqlock (segment/layout.h). One writer a slot
// at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "outrigger/health.h"
#include "segment/layout.h"

namespace outrigger::health {

class SlotWriter {
 public:
  // Fills the slot in: name, bounds, "pending". The slot must outlive the writer.
  SlotWriter(segment::HealthSlot& slot, std::string_view name, const CheckOptions& options);

  // A run begins now (CLOCK_MONOTONIC). The last result stays in place; the keeper sees for itself
  // when the run takes longer than it may.
  void started(int64_t now_ns);

  // It has ended so.
  void ended(const CheckResult& result, int64_t real_ns, int64_t duration_ns);

 private:
  void publish();

  segment::HealthSlot& slot_;
  // What the slot shows, kept here: nothing is read back from shared memory.
  segment::HealthSlot image_;
};

}  // namespace outrigger::health
