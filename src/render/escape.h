// Bytes of any kind into text that stays what it is: valid UTF-8, one line, no terminal's command,
// no end of a JSON string. Eight bytes at a time while there is nothing to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace outrigger::render {

enum class Target {
  kText,   // a line for people: control characters as \n, \x1b, \u009b
  kJson,   // inside a JSON string
  kValue,  // valid UTF-8, otherwise as it is
};

// What an escaped byte needs at most.
inline constexpr size_t kEscapedBytesMax = 6;

// One character that is not plain, and the bytes that it takes up are given to `from`. Returns the
// end in `to`.
template <Target kTarget>
char* append_special(char* to, const char*& from, const char* end);

namespace swar {
inline constexpr uint64_t kOnes = 0x0101010101010101u;
inline constexpr uint64_t kHighs = 0x8080808080808080u;
// The high bit of each byte that is zero. Bits above the lowest one that is set may be wrong, which
// does no harm here.
inline uint64_t zeros(uint64_t word) { return (word - kOnes) & ~word & kHighs; }

// The lowest byte whose high bit is set is the first that is not plain.
template <Target kTarget>
inline uint64_t specials(uint64_t word) {
  const uint64_t below_space = (word - kOnes * 0x20) & ~word;
  uint64_t found = (word | below_space) & kHighs;
  if constexpr (kTarget == Target::kText) found |= zeros(word ^ kOnes * 0x7f);
  if constexpr (kTarget == Target::kJson)
    found |= zeros(word ^ kOnes * '"') | zeros(word ^ kOnes * '\\');
  return found;
}
}  // namespace swar

// `to` has room for kEscapedBytesMax * n + 8 bytes. Returns the end.
template <Target kTarget>
inline char* append_escaped(char* to, const char* from, size_t n) {
  const char* const begin = from;
  const char* const end = from + n;
  for (;;) {
    const auto rest = static_cast<size_t>(end - from);
    uint64_t word;
    size_t bytes = 8;
    if (rest >= 8) {
      memcpy(&word, from, 8);
    } else if (rest == 0) {
      return to;
    } else {
      // The last bytes: seen through a block that ends with them where there is one, filled up with
      // plain ones.
      bytes = rest;
      if (end - begin >= 8) {
        memcpy(&word, end - 8, 8);
        word >>= 8 * (8 - rest);
      } else {
        word = 0;
        for (size_t i = 0; i < rest; ++i)
          word |= static_cast<uint64_t>(static_cast<uint8_t>(from[i])) << 8 * i;
      }
      word |= swar::kOnes * ' ' << 8 * rest;
    }
    memcpy(to, &word, 8);
    const uint64_t found = swar::specials<kTarget>(word);
    if (found == 0) [[likely]] {
      to += bytes;
      from += bytes;
      continue;
    }
    const auto plain = static_cast<size_t>(__builtin_ctzll(found)) / 8;
    to += plain;
    from += plain;
    to = append_special<kTarget>(to, from, end);
  }
}
template <Target kTarget>
inline char* append_escaped(char* to, std::string_view text) {
  return append_escaped<kTarget>(to, text.data(), text.size());
}

// Bytes of the UTF-8 character that starts at `from`, its number in `code`; 0 when there is none.
size_t decode_utf8(const char* from, const char* end, uint32_t& code);

}  // namespace outrigger::render
