// JSON text from outside, as a value. Boost.JSON reads it; its own value type does not leave here.
#pragma once

#include <cstddef>
#include <string_view>

#include "outrigger/json.h"
#include "outrigger/result.h"

namespace outrigger::json {

// A hostile text must not exhaust the stack of whoever walks over the value.
inline constexpr std::size_t kDepthMax = 64;

// One JSON text (RFC 8259), white space around it allowed, nothing else. Time and memory are linear
// in its size. The error is kBadInput: where the text stops to be JSON, and why.
Result<Json> read(std::string_view text);

}  // namespace outrigger::json
