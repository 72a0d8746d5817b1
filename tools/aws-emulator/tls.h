// A certificate authority of the emulator's own, and server certificates from it: made anew at each
// start, for 127.0.0.1, ::1, localhost and *.localhost.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "outrigger/result.h"

namespace outrigger::emulator {

struct ContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, ContextDeleter>;

enum class Certificate {
  kGood,
  kExpired,    // since yesterday
  kOtherName,  // for elsewhere.invalid alone
};

struct Tls {
  TlsContext context;
  std::string authority_pem;  // what a client has to trust
};

Result<Tls> make_tls(Certificate kind);

}  // namespace outrigger::emulator
