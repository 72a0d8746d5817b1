#include "render/time_text.h"

#include <string.h>

#include <algorithm>

namespace outrigger::render {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kMsPerMinute = 60'000;
constexpr int64_t kMinutesPerDay = 24 * 60;
constexpr int64_t kMsMax = 253'402'300'799'999;  // the last of the year 9999

void two(char* to, int64_t value) {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

void TimeText::write(char* to, int64_t time_ns) {
  // A time in nanoseconds of 64 bits ends in the year 2262, so only its sign needs care.
  const int64_t ms = std::clamp<int64_t>(time_ns / kNsPerMs, 0, kMsMax);
  const int64_t minute = ms / kMsPerMinute;
  if (minute != minute_) set_minute(minute);
  const auto rest = static_cast<uint32_t>(ms - minute * kMsPerMinute);
  const uint32_t seconds = rest / 1000;
  const uint32_t thousandths = rest % 1000;
  memcpy(to, text_, kBytes);
  two(to + 17, seconds);
  to[20] = static_cast<char>('0' + thousandths / 100);
  two(to + 21, thousandths % 100);
}

void TimeText::set_minute(int64_t minute) {
  minute_ = minute;
  // Days since 1970 to a date, after Howard Hinnant's "chrono-compatible low-level date
  // algorithms".
  const int64_t days = minute / kMinutesPerDay + 719'468;
  const int64_t era = days / 146'097;
  const int64_t day_of_era = days - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  memcpy(text_, "0000-00-00T00:00:00.000Z", kBytes);
  two(text_, year / 100);
  two(text_ + 2, year % 100);
  two(text_ + 5, month);
  two(text_ + 8, day);
  two(text_ + 11, minute % kMinutesPerDay / 60);
  two(text_ + 14, minute % 60);
}

}  // namespace outrigger::render
