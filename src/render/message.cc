#include "render/message.h"

#include <fmt/format.h>

#include <algorithm>

namespace outrigger::render {
namespace {

using internal::ArgumentType;

size_t put(char* to, std::string_view text) {
  memcpy(to, text.data(), text.size());
  return text.size();
}

std::string_view unit_of(ArgumentType type) {
  switch (type) {
    case ArgumentType::kNanoseconds: return "ns";
    case ArgumentType::kMicroseconds: return "µs";
    case ArgumentType::kMilliseconds: return "ms";
    case ArgumentType::kSeconds: return "s";
    case ArgumentType::kMinutes: return "min";
    default: return "h";
  }
}

// The text of a spec as fmt reads it: "{:>8.3e}".
size_t write_field(char* to, const Spec& spec) {
  char* at = to;
  *at++ = '{';
  *at++ = ':';
  if (spec.align != 0) {
    memcpy(at, spec.fill, spec.fill_bytes);
    at += spec.fill_bytes;
    *at++ = spec.align;
  }
  if (spec.sign != 0) *at++ = spec.sign;
  if (spec.alternate) *at++ = '#';
  if (spec.zero) *at++ = '0';
  if (spec.width != 0) at = append_unsigned(at, spec.width);
  if (spec.precision >= 0) {
    *at++ = '.';
    at = append_unsigned(at, static_cast<uint64_t>(spec.precision));
  }
  if (spec.type != 0) *at++ = spec.type;
  *at++ = '}';
  return static_cast<size_t>(at - to);
}

template <typename T>
size_t format_with(char* to, const Spec& spec, T value) {
  char field[32];
  const fmt::string_view text(field, write_field(field, spec));
  const auto end = fmt::vformat_to_n(to, kNumberRoom, text, fmt::make_format_args(value));
  return std::min(end.size, kNumberRoom);
}

size_t format_general(char* to, const Argument& argument, uint64_t word) {
  switch (argument.type) {
    case ArgumentType::kBool: return format_with(to, argument.spec, word != 0);
    case ArgumentType::kChar: return format_with(to, argument.spec, static_cast<char>(word));
    case ArgumentType::kSigned: return format_with(to, argument.spec, static_cast<int64_t>(word));
    case ArgumentType::kFloat:
      return format_with(to, argument.spec, std::bit_cast<float>(static_cast<uint32_t>(word)));
    case ArgumentType::kDouble: return format_with(to, argument.spec, std::bit_cast<double>(word));
    case ArgumentType::kPointer:
      return format_with(to, argument.spec,
                         reinterpret_cast<const void*>(static_cast<uintptr_t>(word)));
    default: return format_with(to, argument.spec, word);
  }
}

template <Target kTarget>
char* append_fill(char* to, const Spec& spec, size_t count) {
  char fill[kEscapedBytesMax + 8];
  const auto bytes =
      static_cast<size_t>(append_escaped<kTarget>(fill, spec.fill, spec.fill_bytes) - fill);
  for (; count > 0; --count) {
    memcpy(to, fill, bytes);
    to += bytes;
  }
  return to;
}

}  // namespace

size_t format_shortest(char* to, double value) {
  return static_cast<size_t>(fmt::format_to(to, "{}", value) - to);
}
size_t format_shortest(char* to, float value) {
  return static_cast<size_t>(fmt::format_to(to, "{}", value) - to);
}

size_t format_plainly(char* to, ArgumentType type, uint64_t word) {
  switch (type) {
    case ArgumentType::kBool: return put(to, word != 0 ? "true" : "false");
    case ArgumentType::kChar:
      return put(to, std::string_view(reinterpret_cast<const char*>(&word), 1));
    case ArgumentType::kUnsigned: return static_cast<size_t>(append_unsigned(to, word) - to);
    case ArgumentType::kSigned:
      return static_cast<size_t>(append_signed(to, static_cast<int64_t>(word)) - to);
    case ArgumentType::kFloat:
      return format_shortest(to, std::bit_cast<float>(static_cast<uint32_t>(word)));
    case ArgumentType::kDouble: return format_shortest(to, std::bit_cast<double>(word));
    case ArgumentType::kPointer: return static_cast<size_t>(fmt::format_to(to, "{:#x}", word) - to);
    case ArgumentType::kTime:
      TimeText().write(to, static_cast<int64_t>(word));
      return TimeText::kBytes;
    default: {
      char* const end = append_signed(to, static_cast<int64_t>(word));
      return static_cast<size_t>(end - to) + put(end, unit_of(type));
    }
  }
}

size_t format_argument(char* to, const Argument& argument, uint64_t word) {
  if (argument.style == Style::kGeneral || argument.style == Style::kFixed) {
    // The spec was checked against the type; should fmt refuse it all the same, the value is shown
    // plainly.
    try {
      return format_general(to, argument, word);
    } catch (...) {
    }
  }
  return format_plainly(to, argument.type, word);
}

PaddedText pad_text(std::string_view text, const Spec& spec) {
  size_t characters = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end && (spec.precision < 0 || characters < static_cast<size_t>(spec.precision))) {
    uint32_t code;
    at += std::max<size_t>(decode_utf8(at, end, code), 1);
    ++characters;
  }
  PaddedText padded{text.substr(0, static_cast<size_t>(at - text.data())), 0, 0};
  const size_t missing = spec.width > characters ? spec.width - characters : 0;
  padded.before = spec.align == '>' ? missing : spec.align == '^' ? missing / 2 : 0;
  padded.after = missing - padded.before;
  return padded;
}

template <Target kTarget>
char* append_rare(char* to, const Argument& argument, uint64_t word, std::string_view text) {
  char number[kNumberRoom + 64];
  if (!is_text_type(argument.type)) text = {number, format_argument(number, argument, word)};
  if (argument.style != Style::kPadded) return append_escaped<kTarget>(to, text);
  const PaddedText padded = pad_text(text, argument.spec);
  to = append_fill<kTarget>(to, argument.spec, padded.before);
  to = append_escaped<kTarget>(to, padded.text);
  return append_fill<kTarget>(to, argument.spec, padded.after);
}

template char* append_rare<Target::kText>(char*, const Argument&, uint64_t, std::string_view);
template char* append_rare<Target::kJson>(char*, const Argument&, uint64_t, std::string_view);
template char* append_rare<Target::kValue>(char*, const Argument&, uint64_t, std::string_view);

}  // namespace outrigger::render
