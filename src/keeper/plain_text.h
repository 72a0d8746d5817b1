// Text from the segment, made harmless: a bounded copy, valid UTF-8, no control characters.
#pragma once

#include <string.h>

#include <array>
#include <cstddef>
#include <string>

#include "render/escape.h"

namespace outrigger::keeper {

// `bytes` may change under our hands; what is used is a copy. Ends at a NUL or after `bytes_max`
// (at most 1,024).
inline std::string plain_text(const char* bytes, size_t bytes_max) {
  std::array<char, 1024> copy;
  if (bytes_max > copy.size()) bytes_max = copy.size();
  memcpy(copy.data(), bytes, bytes_max);
  const size_t length = strnlen(copy.data(), bytes_max);
  std::string text(length * render::kEscapedBytesMax + 8, '\0');
  text.resize(static_cast<size_t>(
      render::append_escaped<render::Target::kText>(text.data(), copy.data(), length) -
      text.data()));
  return text;
}

}  // namespace outrigger::keeper
