// URLs and request targets, strictly. Pure functions; bytes in, values out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::http {

struct Url {
  bool tls = false;
  std::string host;  // "example.org", "192.0.2.1", "2001:db8::1"
  int port = 80;
  std::string authority;  // as the Host header wants it: "[2001:db8::1]:8080"; no port where it is
                          // the scheme's
  std::string target;     // "/path?query"
};

// http and https with a host. No user information (it would end up in logs), no fragment in the
// target. Bytes above 127 in the target are percent-encoded; spaces and control characters are
// refused.
Result<Url> parse_url(std::string_view text);

using Query = std::vector<std::pair<std::string, std::string>>;

struct Target {
  std::string path;  // decoded
  Query query;       // decoded, in order
};

// What stands in a request line: "/path?query", or a whole http URL as a proxy would send it. None
// when an escape is malformed, the path does not start with '/', or holds a control character.
std::optional<Target> parse_target(std::string_view text);

// "name:port", "192.0.2.1:80", "[::1]:80", ":80". None when the port is missing or above 65535.
struct HostPort {
  std::string host;
  int port = 0;
};
std::optional<HostPort> split_host_port(std::string_view text);

// Appends the decoded form. False when an escape is malformed; `out` then holds what came before
// it.
enum class Plus { kLiteral, kSpace };
bool percent_decode(std::string_view text, Plus plus, std::string& out);

}  // namespace outrigger::http
