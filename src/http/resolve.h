// From a host's name to addresses, within a deadline.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "http/deadline.h"
#include "outrigger/result.h"

namespace outrigger::http {

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string host;  // "192.0.2.1", "2001:db8::1"
  int port = 0;

  const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&storage); }
  std::string text() const;  // "192.0.2.1:80", "[2001:db8::1]:80"
};

// In the order in which they should be tried. Literals and localhost need no resolver. An IPv4
// address in IPv6 clothes (::ffff:127.0.0.1) is given as what it is, so that nobody who judges
// addresses is fooled. kUnavailable when the name has no address, kTimeout.
Result<std::vector<Endpoint>> resolve(const std::string& host, int port, const Deadline& deadline);

}  // namespace outrigger::http
