// Beats: signs of life that pass through the very queue whose health they stand for.
#pragma once

#include <string_view>

#include "segment/layout.h"

namespace outrigger::health {

// Beats go to this segment from now on; an empty view ends that. Before other threads beat.
void attach(segment::View view);

// One source of beats. Copyable; without a segment, in a forked child, or beyond the last slot it
// does nothing.
class Beat {
 public:
  Beat() = default;
  explicit Beat(segment::Beat* slot) : slot_(slot) {}
  void beat() const noexcept;
  // It does not count any more, until the next beat.
  void rest() const noexcept;

 private:
  segment::Beat* slot_ = nullptr;
};

// The source of that name: "http", "main". The first beat makes it count.
Beat source(std::string_view name);

}  // namespace outrigger::health
