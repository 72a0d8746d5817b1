// Times as text, without asking the C library for a time zone or a language. Pure functions.
#pragma once

#include <cstdint>
#include <string>

namespace outrigger::http {

// "Tue, 24 Nov 2026 02:05:23 GMT", as HTTP's headers want it.
std::string http_date(int64_t unix_seconds);

// "2026-11-24T02:05:23.042Z": RFC 3339, UTC, milliseconds.
std::string rfc3339(int64_t unix_ns);

}  // namespace outrigger::http
