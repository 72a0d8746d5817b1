// The compile-time check of a log call's format string. A mistake ends compilation at a call of a
// function whose name says what is wrong; none of these functions is ever defined.
#pragma once

#include <cstddef>
#include <string_view>

namespace outrigger::internal {

enum class FieldKind : unsigned char {
  kInteger,
  kFloating,
  kBool,
  kCharacter,
  kText,
  kPointer,
  kDuration,
  kTime,
  kCustom,  // formatted at the call by its fmt::formatter, which checks its own spec
};

// What the compiler shows for a mistake: "call to non-constexpr function …".
void log_format_has_fewer_arguments_than_fields();
void log_format_has_more_arguments_than_fields();
void log_format_has_an_unclosed_brace();
void log_format_has_a_closing_brace_without_an_opening_one_write_two();
void log_format_uses_an_argument_number_write_a_name_or_nothing();
void log_format_has_a_field_name_that_is_no_identifier();
void log_format_names_two_fields_alike();
void log_format_uses_a_reserved_field_name();
void log_format_has_a_dynamic_width_or_precision_write_the_number();
void log_format_has_a_width_or_precision_above_1024();
void log_format_has_a_precision_that_the_argument_type_does_not_take();
void log_format_has_a_type_character_that_does_not_fit_the_argument();
void log_format_has_a_spec_that_the_argument_type_does_not_take();

// Names that an entry already uses (contract, "Logs").
inline constexpr std::string_view kReservedNames[] = {
    "time",     "level",   "message", "source", "thread", "module",
    "trace_id", "span_id", "boot",    "ring",   "seq",
};

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

constexpr void check_spec(std::string_view spec, FieldKind kind) {
  if (spec.empty() || kind == FieldKind::kCustom) return;
  std::size_t i = 0;
  const auto number = [&] {
    unsigned value = 0;
    while (i < spec.size() && is_digit(spec[i])) {
      value = value * 10 + static_cast<unsigned>(spec[i++] - '0');
      if (value > 1024) log_format_has_a_width_or_precision_above_1024();
    }
  };
  if (spec.size() >= 2 && one_of(spec[1], "<>^")) {
    i = 2;
  } else if (one_of(spec[0], "<>^")) {
    i = 1;
  }
  const bool numeric = kind == FieldKind::kInteger || kind == FieldKind::kFloating;
  const bool may_be_number = numeric || kind == FieldKind::kBool || kind == FieldKind::kCharacter;
  if (i < spec.size() && one_of(spec[i], "+- ")) {
    if (!numeric) log_format_has_a_spec_that_the_argument_type_does_not_take();
    ++i;
  }
  if (i < spec.size() && spec[i] == '#') {
    if (!may_be_number) log_format_has_a_spec_that_the_argument_type_does_not_take();
    ++i;
  }
  if (i < spec.size() && spec[i] == '0') {
    if (!may_be_number) log_format_has_a_spec_that_the_argument_type_does_not_take();
    ++i;
  }
  if (i < spec.size() && spec[i] == '{')
    log_format_has_a_dynamic_width_or_precision_write_the_number();
  number();
  if (i < spec.size() && spec[i] == '.') {
    ++i;
    if (i < spec.size() && spec[i] == '{')
      log_format_has_a_dynamic_width_or_precision_write_the_number();
    if (kind != FieldKind::kFloating && kind != FieldKind::kText)
      log_format_has_a_precision_that_the_argument_type_does_not_take();
    number();
  }
  if (i == spec.size()) return;
  std::string_view allowed;
  switch (kind) {
    case FieldKind::kInteger: allowed = "bBdoxXc"; break;
    case FieldKind::kFloating: allowed = "aAeEfFgG"; break;
    case FieldKind::kBool: allowed = "sbBdoxX"; break;
    case FieldKind::kCharacter: allowed = "cbBdoxX"; break;
    case FieldKind::kText: allowed = "s"; break;
    case FieldKind::kPointer: allowed = "p"; break;
    default: break;
  }
  if (i + 1 != spec.size() || !one_of(spec[i], allowed))
    log_format_has_a_type_character_that_does_not_fit_the_argument();
}

constexpr void check_name(std::string_view name) {
  if (is_digit(name[0])) log_format_uses_an_argument_number_write_a_name_or_nothing();
  for (char c : name)
    if (!is_letter(c) && !is_digit(c)) log_format_has_a_field_name_that_is_no_identifier();
  for (std::string_view reserved : kReservedNames)
    if (name == reserved) log_format_uses_a_reserved_field_name();
}

// `kinds` holds one kind for each argument of the call.
template <std::size_t N>
constexpr void check_format(std::string_view text, const FieldKind (&kinds)[N], std::size_t count) {
  std::string_view names[N] = {};
  std::size_t fields = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '}') {
      if (i + 1 >= text.size() || text[i + 1] != '}')
        log_format_has_a_closing_brace_without_an_opening_one_write_two();
      ++i;
      continue;
    }
    if (text[i] != '{') continue;
    if (i + 1 < text.size() && text[i + 1] == '{') {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    std::size_t depth = 1;  // a custom formatter's spec may hold braces of its own
    for (; end < text.size(); ++end) {
      if (text[end] == '{') ++depth;
      if (text[end] == '}' && --depth == 0) break;
    }
    if (end >= text.size()) log_format_has_an_unclosed_brace();
    const std::string_view body = text.substr(i + 1, end - i - 1);
    const std::size_t colon = body.find(':');
    const std::string_view name = body.substr(0, colon);
    const std::string_view spec =
        colon == std::string_view::npos ? std::string_view{} : body.substr(colon + 1);
    if (fields >= count) log_format_has_fewer_arguments_than_fields();
    if (!name.empty()) {
      check_name(name);
      for (std::size_t k = 0; k < fields; ++k)
        if (names[k] == name) log_format_names_two_fields_alike();
      names[fields] = name;
    }
    check_spec(spec, kinds[fields]);
    ++fields;
    i = end;
  }
  if (fields < count) log_format_has_more_arguments_than_fields();
}

}  // namespace outrigger::internal
