// From the type of a log argument to what its call stores: a word, or bytes. The list is closed:
// the keeper knows each type; whatever else has an fmt::formatter is formatted at the call.
#pragma once

#include <bit>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <ratio>
#include <string_view>
#include <type_traits>

#if __has_include(<fmt/core.h>)
#include <fmt/core.h>
#define OUTRIGGER_HAS_FMT 1
#else
#define OUTRIGGER_HAS_FMT 0
#endif

#include "outrigger/internal/format_check.h"
#include "outrigger/internal/record.h"

namespace outrigger::internal {

template <typename T>
struct DurationType {
  static constexpr bool known = false;
};
template <ArgumentType kValue>
struct KnownDuration {
  static constexpr bool known = true;
  static constexpr ArgumentType value = kValue;
};
template <>
struct DurationType<std::nano> : KnownDuration<ArgumentType::kNanoseconds> {};
template <>
struct DurationType<std::micro> : KnownDuration<ArgumentType::kMicroseconds> {};
template <>
struct DurationType<std::milli> : KnownDuration<ArgumentType::kMilliseconds> {};
template <>
struct DurationType<std::ratio<1>> : KnownDuration<ArgumentType::kSeconds> {};
template <>
struct DurationType<std::ratio<60>> : KnownDuration<ArgumentType::kMinutes> {};
template <>
struct DurationType<std::ratio<3600>> : KnownDuration<ArgumentType::kHours> {};

template <typename T>
inline constexpr bool kIsIntegralDuration = false;
template <std::integral Rep, typename Period>
inline constexpr bool kIsIntegralDuration<std::chrono::duration<Rep, Period>> =
    DurationType<typename Period::type>::known;

template <typename T>
inline constexpr bool kIsSystemTime = false;
template <typename Duration>
inline constexpr bool kIsSystemTime<std::chrono::time_point<std::chrono::system_clock, Duration>> =
    true;

#if OUTRIGGER_HAS_FMT
template <typename T>
concept HasFormatter = std::is_default_constructible_v<fmt::formatter<T, char>>;
#else
template <typename T>
concept HasFormatter = false;
#endif

template <typename T>
concept Text = std::convertible_to<const T&, std::string_view>;

// A value ready to be stored. `Custom` still has to be formatted, into the record itself.
template <typename T>
struct Custom {
  const T* value;
};

template <typename>
inline constexpr bool kAlwaysFalse = false;

// Argument<T>::kType, kKind, and encode(value): uint64_t or std::string_view.
template <typename T>
struct Argument {
  using U = std::remove_cvref_t<T>;

  static constexpr bool kCustomEnum = std::is_enum_v<U> && HasFormatter<U>;
  static constexpr bool kIsText = Text<U>;

  static consteval ArgumentType type() {
    if constexpr (std::is_same_v<U, bool>) return ArgumentType::kBool;
    else if constexpr (std::is_same_v<U, char>) return ArgumentType::kChar;
    else if constexpr (std::is_integral_v<U> && sizeof(U) <= 8)
      return std::is_signed_v<U> ? ArgumentType::kSigned : ArgumentType::kUnsigned;
    else if constexpr (std::is_same_v<U, float>) return ArgumentType::kFloat;
    else if constexpr (std::is_same_v<U, double>) return ArgumentType::kDouble;
    else if constexpr (std::is_enum_v<U> && !kCustomEnum)
      return Argument<std::underlying_type_t<U>>::type();
    else if constexpr (kIsText) return ArgumentType::kText;
    else if constexpr (std::is_null_pointer_v<U> || std::is_same_v<U, void*> ||
                       std::is_same_v<U, const void*>)
      return ArgumentType::kPointer;
    else if constexpr (kIsIntegralDuration<U>) return DurationType<typename U::period::type>::value;
    else if constexpr (kIsSystemTime<U>) return ArgumentType::kTime;
    else if constexpr (HasFormatter<U>) return ArgumentType::kFormatted;
    else
      static_assert(kAlwaysFalse<U>,
                    "log argument: not a number, text, pointer to void, enum or chrono value, "
                    "and no fmt::formatter of it is in sight");
  }
  static constexpr ArgumentType kType = type();

  static consteval FieldKind kind() {
    switch (kType) {
      case ArgumentType::kBool: return FieldKind::kBool;
      case ArgumentType::kChar: return FieldKind::kCharacter;
      case ArgumentType::kSigned:
      case ArgumentType::kUnsigned: return FieldKind::kInteger;
      case ArgumentType::kFloat:
      case ArgumentType::kDouble: return FieldKind::kFloating;
      case ArgumentType::kPointer: return FieldKind::kPointer;
      case ArgumentType::kText: return FieldKind::kText;
      case ArgumentType::kTime: return FieldKind::kTime;
      case ArgumentType::kFormatted: return FieldKind::kCustom;
      default: return FieldKind::kDuration;
    }
  }

  [[gnu::always_inline]] static auto encode(const U& value) {
    if constexpr (kType == ArgumentType::kText) {
      if constexpr (std::is_pointer_v<std::decay_t<U>> && !std::is_array_v<U>)
        return value != nullptr ? std::string_view(value) : std::string_view("(null)");
      else return std::string_view(value);
    } else if constexpr (kType == ArgumentType::kFormatted) {
      return Custom<U>{&value};
    } else if constexpr (kType == ArgumentType::kPointer) {
      return static_cast<std::uint64_t>(
          reinterpret_cast<std::uintptr_t>(static_cast<const void*>(value)));
    } else if constexpr (kType == ArgumentType::kTime) {
      return static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(value.time_since_epoch()).count());
    } else if constexpr (kIsIntegralDuration<U>) {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(value.count()));
    } else if constexpr (std::is_same_v<U, float>) {
      return static_cast<std::uint64_t>(std::bit_cast<std::uint32_t>(value));
    } else if constexpr (std::is_same_v<U, double>) {
      return std::bit_cast<std::uint64_t>(value);
    } else if constexpr (kType == ArgumentType::kSigned) {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    } else {
      return static_cast<std::uint64_t>(value);
    }
  }
};

}  // namespace outrigger::internal
