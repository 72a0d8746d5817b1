#include "aws/skew.h"

#include <array>
#include <charconv>

namespace outrigger::aws {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> Skew::unix_seconds_of(std::string_view date) {
  constexpr std::string_view kForm = "Tue, 24 Nov 2026 02:05:23 GMT";
  if (date.size() != kForm.size() || !date.ends_with(" GMT") || date[3] != ',') return std::nullopt;
  unsigned month = 0;
  while (month < kMonths.size() && kMonths[month] != date.substr(8, 3)) ++month;
  const auto day = number(date.substr(5, 2)), year = number(date.substr(12, 4));
  const auto hour = number(date.substr(17, 2)), minute = number(date.substr(20, 2)),
             second = number(date.substr(23, 2));
  if (!day || !year || !hour || !minute || !second || month == kMonths.size()) return std::nullopt;
  const std::chrono::year_month_day on{std::chrono::year(*year), std::chrono::month(month + 1),
                                       std::chrono::day(static_cast<unsigned>(*day))};
  if (!on.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::seconds at = std::chrono::sys_days(on).time_since_epoch() +
                                  std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                                  std::chrono::seconds(*second);
  return at.count();
}

}  // namespace outrigger::aws
