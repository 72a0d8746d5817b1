// An HTTP client for services: the one that is in the file anyway. HTTP/1.1, http and https;
// TLS 1.2 or newer, verified against the system's CA bundle, which is loaded when the first https
// URL is fetched (where there is none, one that was compiled in). fetch() blocks its thread,
// follows no redirects, and may be called from any thread. Within a context that has a trace
// (log_context.h) the request carries its traceparent, unless the headers bring one.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::http {

struct Request {
  std::string url{};
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::chrono::milliseconds timeout{10'000};  // for the whole exchange, name resolution included
  std::size_t response_bytes_max = 1u << 20;  // a longer answer is an error
  // Asked for each resolved address ("192.0.2.1", port) before a connection is made; empty allows
  // all. The connection goes to the very address that was asked about, so a name cannot change its
  // mind.
  std::function<bool(std::string_view address, int port)> allow{};
  // Takes the body of an answer with status 200 as it comes, instead of Response::body, and then
  // without response_bytes_max. False ends the exchange, which is an error then. Empty: not asked.
  std::function<bool(std::string_view piece)> on_body{};
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::string address;  // the peer's, "192.0.2.1:443"
  std::chrono::microseconds duration{0};
};

// Errors: kBadInput (URL), kRefused (`allow` said no, or the certificate is not trusted),
// kUnavailable (no connection), kTimeout, kFailed (protocol, TLS).
Result<Response> fetch(const Request& request);

}  // namespace outrigger::http
