// A client of AWS: signs, sends, retries. All that the files of the APIs have in common.
//
// call() blocks its thread: whoever wants several calls under way has several threads. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "aws/credential_cache.h"
#include "aws/endpoint.h"
#include "aws/failure.h"
#include "aws/retry.h"
#include "aws/sigv4.h"
#include "aws/skew.h"
#include "aws/variables.h"
#include "http/pool.h"

namespace outrigger::aws {

struct Call {
  Service service = Service::kLogs;
  Headers headers{};        // not Host
  std::string_view body{};  // POSTed to "/", but for what the next three say, which S3 alone needs
  std::string_view method{"POST"};
  std::string_view path{"/"};  // percent-encoded, absolute
  std::string_view query{};    // percent-encoded, without "?"
  // Before the endpoint's host where it is AWS's own: "data-" of Cloud Map.
  std::string_view host_prefix{};
  // Of one attempt. The connection has at most 3 s of it.
  std::chrono::milliseconds timeout{10'000};
  int attempts = kAttempts;
  std::size_t answer_bytes_max = 4u << 20;
  bool is_signed = true;  // false: AssumeRoleWithWebIdentity alone
};

class Client {
 public:
  struct Options {
    std::string region;  // may be empty only where every endpoint is configured
    Variables variables = own_variables();
    std::shared_ptr<http::Pool> pool{};
    std::shared_ptr<CredentialCache> credentials{};
  };
  explicit Client(Options options) : options_(std::move(options)) {}

  // Up to `attempts` attempts with backoff between them. Credentials that have expired are
  // refreshed, a clock that is off is corrected, and the call sent again, once each and at no cost.
  // `cancel` (if any) cuts it short.
  Outcome<http::Response> call(const Call& call, const http::Cancel* cancel);

  const std::string& region() const { return options_.region; }
  const Variables& variables() const { return options_.variables; }
  const Skew& skew() const { return skew_; }
  std::string_view credentials_from() const { return options_.credentials->from(); }
  const RetryQuota& quota(Service service) const { return quotas_[static_cast<size_t>(service)]; }

 private:
  struct Attempt;
  Outcome<http::Response> attempt(const Call& call, const Credentials& credentials,
                                  const http::Cancel* cancel, Attempt& notes);

  const Options options_;
  Skew skew_;
  std::array<RetryQuota, kServices> quotas_;
};

// A pool for AWS's endpoints: trusts AWS_CA_BUNDLE where it is set, else the system's bundle.
Result<std::shared_ptr<http::Pool>> make_pool(const Variables& variables);

}  // namespace outrigger::aws
