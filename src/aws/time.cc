#include "aws/time.h"

#include <algorithm>
#include <cstddef>

namespace outrigger::aws {
namespace {

// The digits at `at`, as many as `size`.
std::optional<int> digits(std::string_view text, size_t at, size_t size) {
  if (text.size() < at + size) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, size)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = 10 * value + (c - '0');
  }
  return value;
}

// What system_clock can count in nanoseconds.
constexpr int kYearMin = 1678, kYearMax = 2261;

std::optional<std::chrono::minutes> zone(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = digits(text, 1, 2), minutes = digits(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes ahead(*hours * 60 + *minutes);
  return text[0] == '+' ? ahead : -ahead;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text) {
  constexpr std::string_view kForm = "2026-11-24T02:05:23";
  if (text.size() <= kForm.size()) return std::nullopt;
  for (const size_t i : {4u, 7u, 10u, 13u, 16u}) {
    if (text[i] != kForm[i]) return std::nullopt;
  }
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day on{std::chrono::year(*year),
                                       std::chrono::month(static_cast<unsigned>(*month)),
                                       std::chrono::day(static_cast<unsigned>(*day))};
  if (!on.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  if (*year < kYearMin || *year > kYearMax) return std::nullopt;
  std::string_view rest = text.substr(kForm.size());
  if (rest.front() == '.')
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  const auto ahead = zone(rest);
  if (!ahead) return std::nullopt;
  return std::chrono::sys_days(on) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) - *ahead;
}

}  // namespace outrigger::aws
