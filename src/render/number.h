// Numbers into decimal digits, the frequent ways.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace outrigger::render {

inline constexpr char kDigitPairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546"
    "474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596"
    "979899";

inline char* append_unsigned(char* to, uint64_t value) {
  char digits[24];
  char* at = digits + sizeof(digits);
  while (value >= 100) {
    at -= 2;
    memcpy(at, kDigitPairs + value % 100 * 2, 2);
    value /= 100;
  }
  if (value >= 10) {
    at -= 2;
    memcpy(at, kDigitPairs + value * 2, 2);
  } else {
    *--at = static_cast<char>('0' + value);
  }
  const auto bytes = static_cast<size_t>(digits + sizeof(digits) - at);
  memcpy(to, at, bytes);
  return to + bytes;
}

inline char* append_signed(char* to, int64_t value) {
  if (value >= 0) return append_unsigned(to, static_cast<uint64_t>(value));
  *to++ = '-';
  return append_unsigned(to, uint64_t{0} - static_cast<uint64_t>(value));
}

// `value` with `decimals` (0..9) decimals, correctly rounded, ties to even, as printf does it.
// Returns nullptr when the number is too large or too small for this way.
inline char* append_fixed(char* to, double value, int decimals) {
  static constexpr uint64_t kPowers[] = {
      1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
  const auto bits = std::bit_cast<uint64_t>(value);
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1075;
  // value = mantissa / 2^shift. Within these bounds mantissa * 10^9 < 2^83 holds all digits.
  const int shift = -exponent;
  if (shift < 1 || shift > 100)
    return value == 0 && bits >> 63 == 0 ? append_fixed(to, 0x1p-40, decimals) : nullptr;
  const uint64_t mantissa = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;
  __extension__ typedef unsigned __int128 Wide;
  const Wide scaled = Wide{mantissa} * kPowers[decimals];
  const Wide whole = scaled >> shift;
  if (whole >> 63 != 0) return nullptr;
  auto rounded = static_cast<uint64_t>(whole);
  const Wide rest = scaled - (whole << shift);
  const Wide half = Wide{1} << (shift - 1);
  if (rest > half || (rest == half && (rounded & 1) != 0)) ++rounded;
  if (bits >> 63 != 0) *to++ = '-';
  const uint64_t integer = rounded / kPowers[decimals];
  uint64_t fraction = rounded - integer * kPowers[decimals];
  to = append_unsigned(to, integer);
  if (decimals == 0) return to;
  *to = '.';
  for (char* at = to + decimals; at > to; --at) {
    *at = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  return to + decimals + 1;
}

}  // namespace outrigger::render
