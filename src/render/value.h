// An entry's parts as values, for pages that show few entries: these allocate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "render/entry.h"

namespace outrigger::render {

using Value = std::variant<bool, int64_t, uint64_t, double, std::string>;

// Valid UTF-8, whatever the bytes were; control characters are as they were.
std::string message_of(const Entry& entry);
std::vector<std::pair<std::string, Value>> fields_of(const Entry& entry);

}  // namespace outrigger::render
