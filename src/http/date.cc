#include "http/date.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace outrigger::http {
namespace {

constexpr int64_t kSecondMax = 253402300799;  // the last one of the year 9999

struct Moment {
  int year, month, day, weekday;  // month from 1, weekday from Sunday = 0
  int hour, minute, second;
};

// Howard Hinnant's civil_from_days: years that begin in March, eras of 400 years.
Moment moment_of(int64_t unix_seconds) {
  unix_seconds = std::clamp<int64_t>(unix_seconds, 0, kSecondMax);
  const auto days = static_cast<int>(unix_seconds / 86400);
  const auto seconds = static_cast<int>(unix_seconds % 86400);
  const int shifted = days + 719468;
  const int era = shifted / 146097;
  const int day_of_era = shifted - era * 146097;
  const int year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int month_from_march = (5 * day_of_year + 2) / 153;
  Moment moment;
  moment.day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  moment.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  moment.year = era * 400 + year_of_era + (moment.month <= 2 ? 1 : 0);
  moment.weekday = (days + 4) % 7;
  moment.hour = seconds / 3600;
  moment.minute = seconds / 60 % 60;
  moment.second = seconds % 60;
  return moment;
}

void append_digits(int number, int digits, std::string& out) {
  char text[8];
  for (int i = digits - 1; i >= 0; --i, number /= 10)
    text[i] = static_cast<char>('0' + number % 10);
  out.append(text, static_cast<size_t>(digits));
}

void append_clock(const Moment& moment, std::string& out) {
  append_digits(moment.hour, 2, out);
  out += ':';
  append_digits(moment.minute, 2, out);
  out += ':';
  append_digits(moment.second, 2, out);
}

}  // namespace

std::string http_date(int64_t unix_seconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Moment moment = moment_of(unix_seconds);
  std::string out;
  out.reserve(32);
  out += kDays[static_cast<size_t>(moment.weekday)];
  out += ", ";
  append_digits(moment.day, 2, out);
  out += ' ';
  out += kMonths[static_cast<size_t>(moment.month - 1)];
  out += ' ';
  append_digits(moment.year, 4, out);
  out += ' ';
  append_clock(moment, out);
  out += " GMT";
  return out;
}

std::string rfc3339(int64_t unix_ns) {
  unix_ns = std::clamp<int64_t>(unix_ns, 0, INT64_MAX);
  const Moment moment = moment_of(unix_ns / 1'000'000'000);
  std::string out;
  out.reserve(24);
  append_digits(moment.year, 4, out);
  out += '-';
  append_digits(moment.month, 2, out);
  out += '-';
  append_digits(moment.day, 2, out);
  out += 'T';
  append_clock(moment, out);
  out += '.';
  append_digits(static_cast<int>(unix_ns / 1'000'000 % 1000), 3, out);
  out += 'Z';
  return out;
}

}  // namespace outrigger::http
