// Text to value and back, for the closed list of types that options, settings and operations'
// parameters may have: bool, integers, floating point, std::string, chrono durations. One place, so
// that the command line, an HTTP query and a variable accept the same spellings and complain in the
// same words.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::internal {

// `name` is only for the message.
Result<bool> parse_bool(std::string_view name, std::string_view text);
Result<int64_t> parse_signed(std::string_view name, std::string_view text, int64_t min,
                             int64_t max);
Result<uint64_t> parse_unsigned(std::string_view name, std::string_view text, uint64_t max);
Result<double> parse_double(std::string_view name, std::string_view text);
// "250ms", "10s", "1.5m", "2h", "1h30m". A bare number is refused: seconds or milliseconds would be
// a guess.
Result<std::chrono::nanoseconds> parse_duration(std::string_view name, std::string_view text);

std::string text_of(bool value);
std::string text_of(int64_t value);
std::string text_of(uint64_t value);
std::string text_of(double value);
std::string text_of(std::chrono::nanoseconds value);

template <typename T>
inline constexpr bool kIsDuration = false;
template <typename Rep, typename Period>
inline constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;
template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;

template <typename T>
concept Value = std::same_as<T, bool> || (std::integral<T> && !std::same_as<T, char>) ||
                std::floating_point<T> || std::same_as<T, std::string> || kIsDuration<T>;

// What help calls the type.
template <Value T>
constexpr std::string_view type_name() {
  if constexpr (std::same_as<T, bool>) return "boolean";
  else if constexpr (std::integral<T>) return "integer";
  else if constexpr (std::floating_point<T>) return "number";
  else if constexpr (kIsDuration<T>) return "duration";
  else return "text";
}

template <Value T>
Result<T> parse_value(std::string_view name, std::string_view text) {
  const auto converted = [](const auto& parsed) -> Result<T> {
    if (!parsed.ok()) return parsed.error();
    return static_cast<T>(parsed.value());
  };
  if constexpr (std::same_as<T, std::string>) {
    return std::string(text);
  } else if constexpr (std::same_as<T, bool>) {
    return parse_bool(name, text);
  } else if constexpr (std::signed_integral<T>) {
    return converted(
        parse_signed(name, text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  } else if constexpr (std::unsigned_integral<T>) {
    return converted(parse_unsigned(name, text, std::numeric_limits<T>::max()));
  } else if constexpr (std::floating_point<T>) {
    return converted(parse_double(name, text));
  } else {
    const Result<std::chrono::nanoseconds> parsed = parse_duration(name, text);
    if (!parsed.ok()) return parsed.error();
    const T value = std::chrono::duration_cast<T>(*parsed);
    if (std::chrono::duration_cast<std::chrono::nanoseconds>(value) != *parsed) {
      return bad_input(name, text, "a multiple of " + text_of(std::chrono::nanoseconds(T(1))));
    }
    return value;
  }
}

template <Value T>
std::string value_text(const T& value) {
  if constexpr (std::same_as<T, std::string>) return value;
  else if constexpr (std::same_as<T, bool>) return text_of(value);
  else if constexpr (std::signed_integral<T>) return text_of(static_cast<int64_t>(value));
  else if constexpr (std::unsigned_integral<T>) return text_of(static_cast<uint64_t>(value));
  else if constexpr (std::floating_point<T>) return text_of(static_cast<double>(value));
  else return text_of(std::chrono::duration_cast<std::chrono::nanoseconds>(value));
}

}  // namespace outrigger::internal
