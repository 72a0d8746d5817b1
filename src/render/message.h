// Arguments of an entry into text. Internal to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "render/entry.h"
#include "render/escape.h"
#include "render/number.h"

namespace outrigger::render {

inline uint64_t word_at(const Entry& entry, size_t index) {
  uint64_t word;
  memcpy(&word, entry.words + 8 * index, sizeof(word));
  return word;
}

inline bool is_text_type(internal::ArgumentType type) {
  return type == internal::ArgumentType::kText || type == internal::ArgumentType::kFormatted;
}

// Constant text of a plan: copied in blocks, since both sides have room behind (kSlack).
inline char* append_constant(char* to, std::string_view text) {
  const char* from = text.data();
  size_t rest = text.size();
  for (;;) {
    memcpy(to, from, kSlack);
    if (rest <= kSlack) return to + rest;
    to += kSlack;
    from += kSlack;
    rest -= kSlack;
  }
}

// What fmt, or the type itself, makes of a number, bool, character, pointer, duration or time;
// escaped for nothing, and at most kNumberRoom bytes.
inline constexpr size_t kNumberRoom = 4 * kWidthMax + kWidthMax + 512;
size_t format_argument(char* to, const Argument& argument, uint64_t word);

// As format_argument(), but without the spec: "5ms", "true", "0x7f00", "1.5". At most
// kPlainNumberRoom bytes.
inline constexpr size_t kPlainNumberRoom = 64;
size_t format_plainly(char* to, internal::ArgumentType type, uint64_t word);

// The shortest decimal number that reads back as the same value; nan, inf as fmt writes them.
size_t format_shortest(char* to, double value);
size_t format_shortest(char* to, float value);

// A text with a width or a precision; both count characters.
struct PaddedText {
  std::string_view text;  // cut to the precision
  size_t before = 0;
  size_t after = 0;
};
PaddedText pad_text(std::string_view text, const Spec& spec);

// The rare ways of append_message().
template <Target kTarget>
char* append_rare(char* to, const Argument& argument, uint64_t word, std::string_view text);

template <Target kTarget>
inline char* append_message(char* to, const Entry& entry) {
  const Plan& plan = *entry.plan;
  const char* texts = entry.texts;
  for (const Piece& piece : plan.pieces) {
    to = append_constant(to, kTarget == Target::kJson   ? piece.json
                             : kTarget == Target::kText ? piece.text
                                                        : piece.raw);
    if (piece.argument == Piece::kNone) continue;
    const Argument& argument = plan.arguments[piece.argument];
    const uint64_t word = word_at(entry, piece.argument);
    switch (argument.style) {
      case Style::kUnsigned: to = append_unsigned(to, word); break;
      case Style::kSigned: to = append_signed(to, static_cast<int64_t>(word)); break;
      case Style::kText:
        to = append_escaped<kTarget>(to, texts, word);
        texts += word;
        break;
      case Style::kFixed:
        if (argument.type == internal::ArgumentType::kDouble) {
          const int decimals = argument.spec.precision < 0 ? 6 : argument.spec.precision;
          if (char* const end = append_fixed(to, std::bit_cast<double>(word), decimals)) {
            to = end;
            break;
          }
        }
        [[fallthrough]];
      default: {
        const bool is_text = is_text_type(argument.type);
        to = append_rare<kTarget>(to, argument, word,
                                  is_text ? std::string_view(texts, word) : std::string_view());
        if (is_text) texts += word;
      }
    }
  }
  return to;
}

}  // namespace outrigger::render
