#include "keeper/log_line.h"

#include <string.h>

#include <charconv>

namespace outrigger::keeper {
namespace {

int64_t digits(const char* from, size_t count) {
  int64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value * 10 + (from[i] - '0');
  return value;
}

// Howard Hinnant's days_from_civil.
int64_t days_since_1970(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = year / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

}  // namespace

int64_t LineClock::time_ms(std::string_view line) {
  if (line.size() < kLineLevelAt || line[kLineTimeAt + 10] != 'T') return 0;
  const char* const text = line.data() + kLineTimeAt;
  if (memcmp(minute_, text, sizeof minute_) != 0) {
    memcpy(minute_, text, sizeof minute_);
    minute_ms_ = ((days_since_1970(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2)) * 24 +
                   digits(text + 11, 2)) *
                      60 +
                  digits(text + 14, 2)) *
                 60'000;
  }
  return minute_ms_ + digits(text + 17, 2) * 1000 + digits(text + 20, 3);
}

uint32_t level_of_line(std::string_view line) {
  if (line.size() <= kLineLevelAt) return 2;
  switch (line[kLineLevelAt]) {
    case 'T': return 0;
    case 'D': return 1;
    case 'W': return 3;
    case 'E': return 4;
    case 'F': return 5;
    default: return 2;
  }
}

uint64_t calls_of_line(std::string_view line) {
  constexpr std::string_view kBegin = "WARN\",\"message\":\"dropped ";
  if (line.size() < kLineLevelAt || !line.substr(kLineLevelAt).starts_with(kBegin)) return 1;
  // A service's own entry has a source, a line that it printed a ring of that name. Neither can hide
  // within a text: quotes are escaped there.
  if (line.find("\",\"source\":\"") != std::string_view::npos ||
      line.find(",\"ring\":\"std") != std::string_view::npos)
    return 1;
  constexpr std::string_view kCount = ",\"count\":";
  const size_t at = line.find(kCount);
  uint64_t count = 0;
  if (at == std::string_view::npos) return 1;
  std::from_chars(line.data() + at + kCount.size(), line.data() + line.size(), count);
  return 1 + count;
}

}  // namespace outrigger::keeper
