// A time as RFC 3339, UTC, milliseconds: 2026-11-24T01:42:32.123Z. The calendar is worked out once
// a minute.
#pragma once

#include <cstdint>

namespace outrigger::render {

class TimeText {
 public:
  static constexpr int kBytes = 24;
  // Times before 1970 and after 9999 are shown as the nearest of these.
  void write(char* to, int64_t time_ns);

 private:
  void set_minute(int64_t minute);

  int64_t minute_ = -1;
  char text_[kBytes + 8] = {};
};

}  // namespace outrigger::render
