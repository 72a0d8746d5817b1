// Signature Version 4. Pure functions.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"

namespace outrigger::aws {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct ToSign {
  std::string_view method;
  // As they stand in the request line, percent-encoded already (or not: what must be, is taken as
  // if it were).
  std::string_view path;
  std::string_view query;
  // All of them are signed, "Host" must be one. Neither X-Amz-Date nor X-Amz-Security-Token.
  const Headers& headers;
  std::string_view body;
  std::string_view region;
  std::string_view service;  // the signing name: "logs", "monitoring"
  int64_t unix_seconds = 0;
  // S3 takes the path as it is; all others encode it once more and resolve dots in it.
  enum class Path { kNormalized, kAsItIs };
  Path path_rule = Path::kNormalized;
};

// The headers to add: X-Amz-Date, X-Amz-Security-Token where there is one, Authorization.
Headers sign(const ToSign& request, const Credentials& credentials);

// The signature of a request whose query already holds the rest of what sign() would put into headers
// (X-Amz-Algorithm, -Credential, -Date, -Expires, -Security-Token, -SignedHeaders): to be added to it as
// X-Amz-Signature. 64 hexadecimal digits.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
std::string presign(const ToSign& request, const Credentials& credentials);

// The steps, for the tests.
std::string canonical_request(const ToSign& request, const Headers& headers,
                              std::string_view body_digest);
std::string string_to_sign(const ToSign& request, std::string_view canonical);

// "20150830T123600Z"
std::string amz_date(int64_t unix_seconds);
// Lower-case hex of SHA-256.
std::string sha256_hex(std::string_view bytes);
// All but letters, digits, - . _ ~ as %XX.
std::string percent_encode(std::string_view text);

}  // namespace outrigger::aws
