// The role of an EC2 instance, from its metadata.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
#include "aws/credentials.h"
#include "aws/imds.h"

namespace outrigger::aws {
namespace {

constexpr std::string_view kPath = "latest/meta-data/iam/security-credentials/";

class InstanceProvider final : public CredentialProvider {
 public:
  explicit InstanceProvider(std::shared_ptr<Imds> imds) : imds_(std::move(imds)) {}

  Outcome<Credentials> fetch(const http::Cancel* cancel) override {
    auto roles = imds_->get(kPath, cancel);
    if (!roles) {
      if (roles.failure().status != 404) return roles.failure();
      return Failure{FailureKind::kNoCredentials,
                     404,
                     {},
                     "this instance has no role: its launch names no instance profile",
                     false};
    }
    std::string role = roles->substr(0, roles->find_first_of("\r\n"));
    const auto answer = imds_->get(std::string(kPath) + role, cancel);
    if (!answer) return answer.failure();
    return parse_credentials(*answer, "the instance's role");
  }
  std::string_view name() const override { return "the instance's role"; }

 private:
  const std::shared_ptr<Imds> imds_;
};

}  // namespace

std::unique_ptr<CredentialProvider> instance_provider(std::shared_ptr<Imds> imds) {
  if (imds == nullptr || imds->disabled()) return nullptr;
  return std::make_unique<InstanceProvider>(std::move(imds));
}

std::unique_ptr<CredentialProvider> find_provider(const Variables& variables,
                                                  std::shared_ptr<http::Pool> pool,
                                                  std::shared_ptr<Imds> imds) {
  if (auto found = environment_provider(variables)) return found;
  if (auto found = web_identity_provider(variables, pool)) return found;
  if (auto found = container_provider(variables, pool)) return found;
  return instance_provider(std::move(imds));
}

}  // namespace outrigger::aws
