// Bytes as lower-case hexadecimal digits, two a byte, the higher half first.
#pragma once

#include <cstddef>
#include <string>

namespace outrigger::base {

// Behind `to`, where there is room for 2 * bytes; returns the end.
inline char* write_hex(char* to, const void* from, size_t bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes; ++i) {
    const unsigned char byte = static_cast<const unsigned char*>(from)[i];
    *to++ = kDigits[byte >> 4];
    *to++ = kDigits[byte & 15];
  }
  return to;
}

inline std::string hex(const void* from, size_t bytes) {
  std::string text(2 * bytes, '\0');
  write_hex(text.data(), from, bytes);
  return text;
}

}  // namespace outrigger::base
