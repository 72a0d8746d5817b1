// Parameters of operations: what may be asked of a value beside its type, and the way from the texts
// that a caller gave to the value. What is asked stands in help and in /openapi.json as well.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "outrigger/internal/value.h"
#include "outrigger/json.h"
#include "outrigger/result.h"

namespace outrigger {

// What a parameter's value must be. Numbers and durations:
template <typename T>
struct ArgOptions {
  std::optional<T> otherwise{};  // its value when it is left out; without one it must be given
  std::optional<T> min{};        // inclusive, both
  std::optional<T> max{};
  std::vector<T> one_of{};  // no others; empty: all
};
template <>
struct ArgOptions<bool> {
  std::optional<bool> otherwise{};
};
template <>
struct ArgOptions<std::string> {
  std::optional<std::string> otherwise{};
  std::size_t length_min = 0;  // bytes, both; over HTTP a request's own limits hold besides
  std::size_t length_max = static_cast<std::size_t>(-1);
  std::vector<std::string> one_of{};
};

namespace internal {

enum class Arity { kOne, kOptional, kMany };

struct ParameterInfo {
  std::string name;
  std::string help;
  std::string_view type;  // type_name<T>()
  Arity arity = Arity::kOne;
  std::optional<Json> otherwise{};
  std::size_t at_least = 1;  // kMany
  // For /openapi.json: the range of the type where nothing narrower is asked; lengths for text.
  std::optional<Json> min{};
  std::optional<Json> max{};
  std::vector<Json> one_of{};
  std::string wrong{};  // what is wrong with its declaration

  bool may_be_left_out() const {
    return arity == Arity::kOptional || otherwise.has_value() ||
           (arity == Arity::kMany && at_least == 0);
  }
};

// The texts given for each parameter, in the order of declaration: one at most, but for kMany.
// Counted by whoever fills it (src/service/call.cc).
using ParameterTexts = std::vector<std::vector<std::string>>;

template <typename T>
struct Plain {
  using Type = T;
  static constexpr Arity kArity = Arity::kOne;
};
template <typename T>
struct Plain<std::optional<T>> {
  using Type = T;
  static constexpr Arity kArity = Arity::kOptional;
};
template <typename T>
struct Plain<std::vector<T>> {
  using Type = T;
  static constexpr Arity kArity = Arity::kMany;
};
// int for std::optional<int>, std::vector<int> and int.
template <typename T>
using PlainOf = typename Plain<T>::Type;

template <typename T>
struct OptionsOf {
  ArgOptions<PlainOf<T>> each{};
  std::size_t at_least = 1;  // std::vector
};

template <Value T>
Json value_json(const T& value) {
  if constexpr (kIsDuration<T>) return Json(value_text(value));
  else return Json(value);
}

// "a, b, c"
template <typename T>
std::string list_text(const std::vector<T>& values) {
  std::string text;
  for (const T& value : values) text += (text.empty() ? "" : ", ") + value_text<T>(value);
  return text;
}

// What would be right, when `value` is not; else empty.
template <typename T>
std::string expected_instead(const T& value, const ArgOptions<T>& options) {
  if constexpr (!std::is_same_v<T, bool>) {
    if (!options.one_of.empty()) {
      for (const T& each : options.one_of) {
        if (each == value) return {};
      }
      return "one of " + list_text(options.one_of);
    }
  }
  if constexpr (std::is_same_v<T, std::string>) {
    if (value.size() < options.length_min) {
      return options.length_min == 1
                 ? "at least one character"
                 : "at least " + std::to_string(options.length_min) + " characters";
    }
    if (value.size() > options.length_max)
      return "at most " + std::to_string(options.length_max) + " bytes";
  } else if constexpr (!std::is_same_v<T, bool>) {
    if ((options.min && value < *options.min) || (options.max && value > *options.max)) {
      if (!options.max) return value_text<T>(*options.min) + " or more";
      if (!options.min) return value_text<T>(*options.max) + " or less";
      return value_text<T>(*options.min) + " to " + value_text<T>(*options.max);
    }
  }
  return {};
}

template <typename T>
ParameterInfo describe_parameter(std::string name, std::string help, const OptionsOf<T>& options) {
  using Each = PlainOf<T>;
  static_assert(Value<Each>,
                "an operation's parameter is a bool, a number, a std::string or a chrono duration");
  ParameterInfo info{std::move(name), std::move(help), type_name<Each>(), Plain<T>::kArity};
  info.at_least = options.at_least;
  const ArgOptions<Each>& each = options.each;
  if (each.otherwise) {
    info.otherwise = value_json(*each.otherwise);
    if (const std::string expected = expected_instead(*each.otherwise, each); !expected.empty()) {
      info.wrong =
          bad_input("the default of " + info.name, value_text(*each.otherwise), expected).message;
    }
    if (info.arity != Arity::kOne)
      info.wrong = "a default is for a parameter that is neither optional nor the rest";
  }
  if constexpr (std::is_same_v<Each, std::string>) {
    if (each.length_min > 0) info.min = Json(each.length_min);
    if (each.length_max != static_cast<std::size_t>(-1)) info.max = Json(each.length_max);
  } else if constexpr (!std::is_same_v<Each, bool>) {
    if (each.min) info.min = value_json(*each.min);
    if (each.max) info.max = value_json(*each.max);
    if constexpr (std::integral<Each>) {
      if (!info.min) info.min = Json(std::numeric_limits<Each>::min());
      if (!info.max) info.max = Json(std::numeric_limits<Each>::max());
    }
  }
  if constexpr (!std::is_same_v<Each, bool>) {
    for (const Each& value : each.one_of) info.one_of.push_back(value_json(value));
  }
  return info;
}

template <typename Each>
Result<Each> read_value(std::string_view name, std::string_view text,
                        const ArgOptions<Each>& options) {
  Result<Each> value = parse_value<Each>(name, text);
  if (!value.ok()) return value;
  const std::string expected = expected_instead(*value, options);
  if (!expected.empty()) return bad_input(name, text, expected);
  return value;
}

// `texts` holds enough: what is missing was complained of before.
template <typename T>
Result<T> read_parameter(std::string_view name, const std::vector<std::string>& texts,
                         const OptionsOf<T>& options) {
  if constexpr (kIsVector<T>) {
    T values;
    for (const std::string& text : texts) {
      auto value = read_value<PlainOf<T>>(name, text, options.each);
      if (!value.ok()) return value.error();
      values.push_back(std::move(*value));
    }
    return values;
  } else {
    if (texts.empty()) {
      if constexpr (kIsOptional<T>) return T();
      else return *options.each.otherwise;
    }
    auto value = read_value<PlainOf<T>>(name, texts.front(), options.each);
    if (!value.ok()) return value.error();
    return T(std::move(*value));
  }
}

}  // namespace internal
}  // namespace outrigger
