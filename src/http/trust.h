// Whose certificates are believed: a bundle of authorities, loaded once, and OpenSSL's context made
// of it. Immutable after construction; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "outrigger/result.h"

struct ssl_ctx_st;

namespace outrigger::http {

class Trust {
 public:
  // The system's bundle: SSL_CERT_FILE, SSL_CERT_DIR, then where the common distributions have it;
  // where there is none, the one compiled in. Loaded by the first call that succeeds (25 ms), then
  // shared.
  static Result<std::shared_ptr<const Trust>> of_system();
  // One PEM file and nobody else.
  static Result<std::shared_ptr<const Trust>> of_file(const std::string& path);
  // One certificate and nobody else, whatever it says: its SHA-256 in hexadecimal, colons or not.
  static Result<std::shared_ptr<const Trust>> of_fingerprint(std::string_view sha256);
  // What was compiled in, as a system without a bundle gets it.
  static Result<std::shared_ptr<const Trust>> of_last_resort();

  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  ssl_ctx_st* context() const { return context_; }
  // "/etc/ssl/certs/ca-certificates.crt"
  const std::string& from() const { return from_; }
  // 64 hexadecimal digits in lower case: the peer's certificate must have it. Empty: any that an
  // authority vouches for.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  Trust(ssl_ctx_st* context, std::string from) : context_(context), from_(std::move(from)) {}

  ssl_ctx_st* const context_;
  const std::string from_;
  std::string fingerprint_;
};

}  // namespace outrigger::http
