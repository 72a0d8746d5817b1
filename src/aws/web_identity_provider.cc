// A role that a token in a file stands for: EKS's IAM roles for service accounts.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
#include <ctime>

#include "aws/client.h"
#include "aws/metadata_url.h"
#include "aws/query_call.h"
#include "aws/time.h"
#include "aws/xml.h"

namespace outrigger::aws {
namespace {

constexpr std::string_view kVersion = "2011-06-15";
// Without a region there is the one that all share.
constexpr std::string_view kGlobalRegion = "us-east-1";

std::string region_of(const Variables& variables) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = variables(name); !region.empty()) return region;
  }
  return std::string(kGlobalRegion);
}

class WebIdentityProvider final : public CredentialProvider {
 public:
  WebIdentityProvider(const Variables& variables, std::shared_ptr<http::Pool> pool)
      : file_(variables("AWS_WEB_IDENTITY_TOKEN_FILE")),
        role_(variables("AWS_ROLE_ARN")),
        session_(variables("AWS_ROLE_SESSION_NAME")),
        client_({.region = region_of(variables), .variables = variables, .pool = std::move(pool)}) {
  }

  Outcome<Credentials> fetch(const http::Cancel* cancel) override {
    if (role_.empty()) return fail("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    // Read each time: whoever runs the container replaces it before it expires.
    const auto token = read_token("AWS_WEB_IDENTITY_TOKEN_FILE", file_);
    if (!token) return token.failure();
    const std::string session =
        session_.empty() ? "outrigger-" + std::to_string(time(nullptr)) : session_;
    const Parameters asked = {
        {"RoleArn", role_}, {"RoleSessionName", session}, {"WebIdentityToken", *token}};
    const std::string body =
        query_body({Service::kSts, "AssumeRoleWithWebIdentity", kVersion, asked});
    Call call = query_call(Service::kSts, body);
    call.is_signed = false;
    const auto answer = client_.call(call, cancel);
    if (!answer) return answer.failure();
    const auto xml = Xml::parse(answer->body);
    if (!xml) return not_understood("AssumeRoleWithWebIdentity");
    const Xml::Node given = xml->root().at("AssumeRoleWithWebIdentityResult/Credentials");
    Credentials found{given.text("AccessKeyId"), given.text("SecretAccessKey"),
                      given.text("SessionToken"), parse_time(given.text("Expiration"))};
    if (found.access_key_id.empty() || found.secret_access_key.empty() || !found.expires)
      return not_understood("AssumeRoleWithWebIdentity");
    return found;
  }
  std::string_view name() const override { return "a web identity"; }

 private:
  static Failure fail(std::string why) {
    return {FailureKind::kNoCredentials, 0, {}, std::move(why), false};
  }

  const std::string file_;
  const std::string role_;
  const std::string session_;
  Client client_;
};

}  // namespace

std::unique_ptr<CredentialProvider> web_identity_provider(const Variables& variables,
                                                          std::shared_ptr<http::Pool> pool) {
  if (variables("AWS_WEB_IDENTITY_TOKEN_FILE").empty()) return nullptr;
  return std::make_unique<WebIdentityProvider>(variables, std::move(pool));
}

}  // namespace outrigger::aws
