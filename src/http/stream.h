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

class Trust;

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

// In both, `fd` stays the caller's and must outlive the stream.
std::unique_ptr<Stream> plain_stream(int fd);

// Does the handshake: TLS 1.2 or newer, the peer's certificate verified for the URL's host by those
// whom `trust` holds. kRefused when it does not pass, kTimeout, kFailed.
Result<std::unique_ptr<Stream>> tls_stream(int fd, const Url& url, const Trust& trust,
                                           const Deadline& deadline);

}  // namespace outrigger::http
