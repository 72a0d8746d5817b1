// From a URL to a connected stream, and one exchange over it. Blocks its thread until the deadline.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "http/deadline.h"
#include "http/stream.h"
#include "http/url.h"
#include "outrigger/http.h"

struct sockaddr;

namespace outrigger::http {

class Trust;

// A client's end of a connection. Moved, not copied; one thread at a time.
struct ClientConnection {
  base::Fd fd;
  std::unique_ptr<Stream> stream;  // goes before fd does
  std::string address;             // the peer's, "192.0.2.1:443"
};

// Resolves, asks request.allow, connects to one address after another, and makes TLS where the URL
// wants it: verified by `trust`, or by the system's bundle where that is null. kRefused (allow, the
// certificate), kUnavailable, kTimeout, kFailed.
Result<ClientConnection> dial(const Request& request, const Url& url, const Trust* trust,
                              const Deadline& deadline);

// `name` stands in the error.
Result<base::Fd> connect_to(const sockaddr* address, unsigned size, const std::string& name,
                            const Deadline& deadline);

Error timed_out(const Request& request, std::string_view during);

}  // namespace outrigger::http
