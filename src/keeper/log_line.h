// What shipping has to know of a line that JsonLines wrote: when, how bad, and for how many calls it
// stands. Pure functions over trusted text: the lines are the keeper's own.
#pragma once

#include <cstdint>
#include <string_view>

#include "segment/layout.h"

namespace outrigger::keeper {

// {"time":"2026-11-24T01:42:32.123Z","level":"INFO","message":"…
inline constexpr size_t kLineTimeAt = 9;
inline constexpr size_t kLineTimeBytes = 24;
inline constexpr size_t kLineLevelAt = 44;

// Reads times; remembers the last minute, so that most cost a comparison. One thread.
class LineClock {
 public:
  // Milliseconds since 1970; 0 where the line does not begin as it should.
  int64_t time_ms(std::string_view line);

 private:
  char minute_[16] = {};  // "2026-11-24T01:42"
  int64_t minute_ms_ = 0;
};

// 0..5, as in the segment.
uint32_t level_of_line(std::string_view line);

// 1; for a line that tells of calls that were dropped ("dropped 12 entries …", no source of its
// own), itself and those.
uint64_t calls_of_line(std::string_view line);

}  // namespace outrigger::keeper
