// From the type of a log argument to what its call stores: a word, or bytes. The list is closed:
// the keeper knows each type; whatever else has an fmt::formatter is formatted at the call.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
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

// Durations and system times are known by their shape, since <chrono> would cost every file that
// logs a quarter of its compile time.
template <typename T>
concept Duration = requires(const T& value) {
  typename T::rep;
  T::period::num;
  T::period::den;
  { T::zero() } -> std::same_as<T>;
  { value.count() } -> std::same_as<typename T::rep>;
};

// kEnd for units that have no type of their own.
template <Duration T>
consteval ArgumentType duration_type() {
  if (T::period::num == 1) {
    switch (T::period::den) {
      case 1'000'000'000: return ArgumentType::kNanoseconds;
      case 1'000'000: return ArgumentType::kMicroseconds;
      case 1'000: return ArgumentType::kMilliseconds;
      case 1: return ArgumentType::kSeconds;
      default: return ArgumentType::kEnd;
    }
  }
  if (T::period::den != 1) return ArgumentType::kEnd;
  return T::period::num == 60     ? ArgumentType::kMinutes
         : T::period::num == 3600 ? ArgumentType::kHours
                                  : ArgumentType::kEnd;
}

template <typename T>
concept IntegralDuration =
    Duration<T> && std::integral<typename T::rep> && duration_type<T>() != ArgumentType::kEnd;

// Of the clocks only the system's has to_time_t().
template <typename T>
concept SystemTime = requires(const T& value) {
  requires Duration<typename T::duration>;
  { value.time_since_epoch() } -> std::same_as<typename T::duration>;
  T::clock::to_time_t(typename T::clock::time_point{});
};

// Since 1970, whatever the unit.
template <SystemTime T>
constexpr std::int64_t nanoseconds_of(const T& time) {
  using Period = typename T::duration::period;
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto count = time.time_since_epoch().count();
  if constexpr (std::is_integral_v<decltype(count)> && kSecond % Period::den == 0)
    return static_cast<std::int64_t>(count) * Period::num * (kSecond / Period::den);
  else
    return static_cast<std::int64_t>(static_cast<long double>(count) * Period::num * kSecond /
                                     Period::den);
}

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

// What log::sensitive() gives: the type is known, the value stays behind.
template <typename T>
struct Sensitive {};

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
    else if constexpr (IntegralDuration<U>) return duration_type<U>();
    else if constexpr (SystemTime<U>) return ArgumentType::kTime;
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
      return static_cast<std::uint64_t>(nanoseconds_of(value));
    } else if constexpr (IntegralDuration<U>) {
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

// It never enters the record: what stands there is the mask. Any spec will do.
template <typename T>
struct Argument<Sensitive<T>> {
  static constexpr ArgumentType kType = ArgumentType::kText;
  static consteval FieldKind kind() { return FieldKind::kCustom; }
  [[gnu::always_inline]] static std::string_view encode(const Sensitive<T>&) { return "***"; }
};

}  // namespace outrigger::internal
