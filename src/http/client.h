// The HTTP client: one exchange, one connection, one deadline for all of it.
// include/outrigger/http.h documents what callers see; this is what stands behind it. Blocks its
// thread; any thread may call, several at once.
#pragma once

#include <cstdint>
#include <string_view>

#include "outrigger/http.h"

namespace outrigger::http {

class Trust;

// http::fetch().
Result<Response> fetch_url(const Request& request);

// The same, believing those whom `trust` holds.
Result<Response> fetch_trusting(const Request& request, const Trust& trust);

// The same through a Unix socket, "unix:/path" or "unix:@name"; the URL gives path and Host alone,
// and `allow` is not asked. Anyone can listen under an abstract name, so the listener must be `uid`
// or root: else kRefused.
Result<Response> fetch_unix(std::string_view address, uint32_t uid, const Request& request);

}  // namespace outrigger::http
