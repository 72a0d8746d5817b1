// A connected byte stream that does not block, plain or under TLS.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "http/deadline.h"
#include "http/url.h"
#include "outrigger/result.h"

namespace outrigger::http {

enum class Io {
  kDone,       // some bytes were moved
  kWantRead,   // wait until the descriptor is readable, then repeat the call
  kWantWrite,  // likewise, writable
  kEnd,        // the peer has said that there is no more
  kBroken,     // anything else; why() says what
};

class Stream {
 public:
  virtual ~Stream() = default;
  virtual Io read(char* bytes, size_t size, size_t& moved) = 0;
  virtual Io write(std::string_view bytes, size_t& moved) = 0;
  virtual std::string why() const = 0;
};

// `fd` stays the caller's and must outlive the stream. Does the handshake: TLS 1.2 or newer, the
// peer's certificate verified for the URL's host against the system's CA bundle. The bundle is
// looked for when the first one is opened: SSL_CERT_FILE, SSL_CERT_DIR, then where Debian, Red Hat,
// SUSE and Alpine have it.
Result<std::unique_ptr<Stream>> tls_stream(int fd, const Url& url, const Deadline& deadline);

}  // namespace outrigger::http
