// The role of a container: ECS's task role, EKS Pod Identity.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
#include "aws/credentials.h"
#include "aws/metadata_url.h"
#include "http/pool.h"

namespace outrigger::aws {
namespace {

constexpr std::string_view kEcsAddress = "http://169.254.170.2";
constexpr std::chrono::milliseconds kTimeout{2'000};
constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

class ContainerProvider final : public CredentialProvider {
 public:
  ContainerProvider(const Variables& variables, std::shared_ptr<http::Pool> pool)
      : pool_(std::move(pool)),
        variable_(variables(kRelative).empty() ? kFull : kRelative),
        url_(variables(kRelative).empty() ? variables(kFull)
                                          : std::string(kEcsAddress) + variables(kRelative)),
        token_(variables("AWS_CONTAINER_AUTHORIZATION_TOKEN")),
        token_file_(variables("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {}

  Outcome<Credentials> fetch(const http::Cancel* cancel) override {
    http::Request request;
    request.url = url_;
    request.timeout = kTimeout;
    keep_near(request);
    if (!token_file_.empty()) {
      // Read each time: it is replaced before it expires.
      auto token = read_token("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file_);
      if (!token) return token.failure();
      request.headers.emplace_back("Authorization", std::move(*token));
    } else if (!token_.empty()) {
      request.headers.emplace_back("Authorization", token_);
    }
    http::Progress progress;
    const auto response = pool_->send(request, {}, cancel, progress);
    if (!response) {
      Failure failure = metadata_failure(variable_, request, response.error());
      if (cancel != nullptr && cancel->fired()) failure.kind = FailureKind::kCancelled;
      return failure;
    }
    if (response->status != 200) {
      Failure failure = failure_of(*response);
      failure.message = std::string(variable_) + ": " + failure.message;
      return failure;
    }
    return parse_credentials(response->body, variable_);
  }
  std::string_view name() const override { return "the container's role"; }

 private:
  const std::shared_ptr<http::Pool> pool_;
  const std::string_view variable_;
  const std::string url_;
  const std::string token_;
  const std::string token_file_;
};

}  // namespace

std::unique_ptr<CredentialProvider> container_provider(const Variables& variables,
                                                       std::shared_ptr<http::Pool> pool) {
  if (variables(kRelative).empty() && variables(kFull).empty()) return nullptr;
  return std::make_unique<ContainerProvider>(variables, std::move(pool));
}

}  // namespace outrigger::aws
