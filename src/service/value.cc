#include "outrigger/internal/value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/number.h"

namespace outrigger::internal {
namespace {

// from_chars knows no plus sign.
std::string_view without_plus(std::string_view text) {
  const bool plus = text.size() > 1 && text.front() == '+' && text[1] != '-';
  return text.substr(plus ? 1 : 0);
}

// from_chars over all of `text`; what is left over makes it no number.
template <typename Number>
std::errc parse_whole(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc()) return error;
  return stopped == end ? std::errc() : std::errc::invalid_argument;
}

template <typename Integer>
Result<Integer> parse_integer(std::string_view name, std::string_view text, Integer min,
                              Integer max) {
  Integer value = 0;
  const std::errc error = parse_whole(without_plus(text), value);
  if (error == std::errc() && value >= min && value <= max) return value;
  if (error == std::errc::invalid_argument) return bad_input(name, text, "a whole number");
  return bad_input(name, text,
                   "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
}

struct Unit {
  std::string_view name;
  int64_t ns;
};
// The largest first, for writing; "m" is minutes, so "ms" is looked for as a whole word.
constexpr std::array<Unit, 7> kUnits{{{"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000},
                                      {"us", 1'000},
                                      {"ns", 1}}};

const Unit* unit_named(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<bool> parse_bool(std::string_view name, std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return bad_input(name, text, "true or false");
}

Result<int64_t> parse_signed(std::string_view name, std::string_view text, int64_t min,
                             int64_t max) {
  return parse_integer<int64_t>(name, text, min, max);
}

Result<uint64_t> parse_unsigned(std::string_view name, std::string_view text, uint64_t max) {
  // "-1" is a number, only not one of these: the message should say the range.
  if (text.size() > 1 && text.front() == '-' && is_digit(text[1])) {
    return bad_input(name, text, "a whole number from 0 to " + std::to_string(max));
  }
  return parse_integer<uint64_t>(name, text, 0, max);
}

Result<double> parse_double(std::string_view name, std::string_view text) {
  double value = 0;
  const std::errc error = parse_whole(without_plus(text), value);
  if (error != std::errc() || !std::isfinite(value)) return bad_input(name, text, "a number");
  return value;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view name, std::string_view text) {
  const Error error = bad_input(name, text, "a duration like 250ms, 10s, 1.5m, 1h30m");
  if (text == "0") return std::chrono::nanoseconds(0);
  double sum_ns = 0;
  if (text.empty()) return error;
  for (std::string_view rest = text; !rest.empty();) {
    size_t digits = 0;
    while (digits < rest.size() && (is_digit(rest[digits]) || rest[digits] == '.')) ++digits;
    double number = 0;
    if (parse_whole(rest.substr(0, digits), number) != std::errc()) return error;
    rest.remove_prefix(digits);
    size_t letters = 0;
    while (letters < rest.size() && !is_digit(rest[letters]) && rest[letters] != '.') ++letters;
    const Unit* unit = unit_named(rest.substr(0, letters));
    if (unit == nullptr) return error;
    rest.remove_prefix(letters);
    sum_ns += number * static_cast<double>(unit->ns);
  }
  if (sum_ns > 9.2e18) return error;
  return std::chrono::nanoseconds(std::llround(sum_ns));
}

std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(int64_t value) { return std::to_string(value); }
std::string text_of(uint64_t value) { return std::to_string(value); }
std::string text_of(double value) {
  std::string text;
  base::append_number(text, value);
  return text;
}

// In the fewest pieces that lose nothing: "10s", "1m30s", "250ms".
std::string text_of(std::chrono::nanoseconds value) {
  int64_t rest = value.count();
  if (rest == 0) return "0s";
  if (rest < 0) return "-" + text_of(-value);
  std::string text;
  for (const Unit& unit : kUnits) {
    if (const int64_t count = rest / unit.ns; count > 0) {
      text += std::to_string(count);
      text += unit.name;
      rest -= count * unit.ns;
    }
  }
  return text;
}

}  // namespace outrigger::internal
