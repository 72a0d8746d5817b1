#include "aws/imds.h"

#include "aws/metadata_url.h"
#include "http/message.h"

namespace outrigger::aws {
namespace {

// Given up a little before it ends, so that none ends on its way.
constexpr std::chrono::seconds kTokenMargin{60};
constexpr size_t kAnswerBytesMax = 256u << 10;

std::string endpoint_of(const Variables& variables) {
  std::string url = variables("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (url.empty()) {
    const bool v6 = http::same_token(variables("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "ipv6");
    url = v6 ? Imds::kAddressV6 : Imds::kAddress;
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

Imds::Imds(const Variables& variables, std::shared_ptr<http::Pool> pool)
    : pool_(std::move(pool)),
      disabled_(is_true(variables("AWS_EC2_METADATA_DISABLED"))),
      endpoint_(endpoint_of(variables)) {}

Outcome<http::Response> Imds::ask(const char* method, std::string_view path, const char* header,
                                  const std::string& value, const http::Cancel* cancel) {
  if (disabled_) {
    return Failure{FailureKind::kNoCredentials,
                   0,
                   {},
                   "the instance's metadata is not asked: AWS_EC2_METADATA_DISABLED is set",
                   false};
  }
  http::Request request;
  request.url = endpoint_ + "/" + std::string(path);
  request.method = method;
  request.headers = {{header, value}};
  request.timeout = kTimeout;
  request.response_bytes_max = kAnswerBytesMax;
  keep_near(request);
  http::Progress progress;
  auto response = pool_->send(request, {}, cancel, progress);
  if (response) return std::move(*response);
  Failure failure = metadata_failure("the instance's metadata", request, response.error());
  if (cancel != nullptr && cancel->fired()) failure.kind = FailureKind::kCancelled;
  return failure;
}

Outcome<std::string> Imds::token(const http::Cancel* cancel) {
  const std::lock_guard lock(mutex_);  // one asks, the others wait for it
  if (!token_.empty() && std::chrono::steady_clock::now() < token_until_) return token_;
  auto response = ask("PUT", "latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds",
                      std::to_string(kTokenLife.count()), cancel);
  if (!response) return response.failure();
  if (response->status != 200 || response->body.empty() ||
      response->body.find_first_of("\r\n") != std::string::npos) {
    return Failure{FailureKind::kNoCredentials,
                   response->status,
                   {},
                   "the instance's metadata gave no token: HTTP " +
                       std::to_string(response->status) + " from " + endpoint_,
                   false};
  }
  token_ = std::move(response->body);
  token_until_ = std::chrono::steady_clock::now() + kTokenLife - kTokenMargin;
  return token_;
}

Outcome<std::string> Imds::get(std::string_view path, const http::Cancel* cancel) {
  for (bool again = false;; again = true) {
    const auto held = token(cancel);
    if (!held) return held.failure();
    auto response = ask("GET", path, "X-aws-ec2-metadata-token", *held, cancel);
    if (!response) return response.failure();
    if (response->status == 200) return std::move(response->body);
    if (response->status == 401 && !again) {
      const std::lock_guard lock(mutex_);
      if (token_ == *held) token_.clear();
      continue;
    }
    Failure failure = failure_of(*response);
    failure.message =
        endpoint_ + "/" + std::string(path) + ": HTTP " + std::to_string(response->status);
    return failure;
  }
}

}  // namespace outrigger::aws
