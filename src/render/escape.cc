#include "render/escape.h"

namespace outrigger::render {
namespace {

constexpr char kHex[] = "0123456789abcdef";

char* put(char* to, std::string_view text) {
  memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put_unicode(char* to, uint32_t code) {
  to = put(to, "\\u00");
  *to++ = kHex[code >> 4 & 15];
  *to++ = kHex[code & 15];
  return to;
}

// The short escapes that JSON and people share.
char short_escape(uint8_t byte) {
  switch (byte) {
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\b': return 'b';
    case '\f': return 'f';
    default: return 0;
  }
}

template <Target kTarget>
char* append_control(char* to, uint8_t byte) {
  if constexpr (kTarget == Target::kValue) {
    *to++ = static_cast<char>(byte);
    return to;
  }
  if (const char letter = short_escape(byte)) {
    *to++ = '\\';
    *to++ = letter;
    return to;
  }
  if constexpr (kTarget == Target::kJson) return put_unicode(to, byte);
  to = put(to, "\\x");
  *to++ = kHex[byte >> 4];
  *to++ = kHex[byte & 15];
  return to;
}

}  // namespace

size_t decode_utf8(const char* from, const char* end, uint32_t& code) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(from[i])); };
  const auto rest = static_cast<size_t>(end - from);
  const uint32_t first = rest > 0 ? byte(0) : 0xff;
  size_t bytes;
  uint32_t smallest;
  if (first < 0x80) {
    code = first;
    return 1;
  } else if (first >> 5 == 0x6) {
    bytes = 2, smallest = 0x80, code = first & 0x1f;
  } else if (first >> 4 == 0xe) {
    bytes = 3, smallest = 0x800, code = first & 0x0f;
  } else if (first >> 3 == 0x1e) {
    bytes = 4, smallest = 0x10000, code = first & 0x07;
  } else {
    return 0;
  }
  if (rest < bytes) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < smallest || code > 0x10ffff || surrogate ? 0 : bytes;
}

template <Target kTarget>
char* append_special(char* to, const char*& from, const char* end) {
  const auto byte = static_cast<uint8_t>(*from);
  if (byte < 0x80) {
    ++from;
    if (byte < 0x20 || byte == 0x7f) return append_control<kTarget>(to, byte);
    *to++ = '\\';
    *to++ = static_cast<char>(byte);
    return to;
  }
  uint32_t code = 0;
  const size_t bytes = decode_utf8(from, end, code);
  if (bytes == 0) {
    ++from;
    return put(to, "\xef\xbf\xbd");
  }
  const std::string_view character(from, bytes);
  from += bytes;
  // U+0080 to U+009F are commands to a terminal.
  if (kTarget == Target::kText && code < 0xa0) return put_unicode(to, code);
  return put(to, character);
}

template char* append_special<Target::kText>(char*, const char*&, const char*);
template char* append_special<Target::kJson>(char*, const char*&, const char*);
template char* append_special<Target::kValue>(char*, const char*&, const char*);

}  // namespace outrigger::render
