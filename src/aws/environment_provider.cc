// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
#include "aws/credentials.h"
#include "aws/time.h"

namespace outrigger::aws {
namespace {

class EnvironmentProvider final : public CredentialProvider {
 public:
  explicit EnvironmentProvider(Variables variables) : variables_(std::move(variables)) {}

  Outcome<Credentials> fetch(const http::Cancel*) override {
    Credentials found{variables_("AWS_ACCESS_KEY_ID"),
                      variables_("AWS_SECRET_ACCESS_KEY"),
                      variables_("AWS_SESSION_TOKEN"),
                      {}};
    if (found.access_key_id.empty() || found.secret_access_key.empty()) {
      const bool no_key = found.access_key_id.empty();
      return Failure{FailureKind::kNoCredentials,
                     0,
                     {},
                     std::string(no_key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID") +
                         " is set, but " +
                         (no_key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY") + " is not",
                     false};
    }
    found.expires = parse_time(variables_("AWS_CREDENTIAL_EXPIRATION"));
    return found;
  }
  std::string_view name() const override { return "the environment"; }

 private:
  const Variables variables_;
};

}  // namespace

std::unique_ptr<CredentialProvider> environment_provider(const Variables& variables) {
  if (variables("AWS_ACCESS_KEY_ID").empty() && variables("AWS_SECRET_ACCESS_KEY").empty())
    return nullptr;
  return std::make_unique<EnvironmentProvider>(variables);
}

}  // namespace outrigger::aws
