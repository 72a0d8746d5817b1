// Times as AWS writes them. Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace outrigger::aws {

// ISO 8601 with a zone: "2026-11-24T02:05:23Z", "2026-11-24T02:05:23.042Z", "...+00:00". A fraction
// of a second is passed over.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

}  // namespace outrigger::aws
