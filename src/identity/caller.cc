#include "identity/caller.h"

#include <ctime>

#include "aws/client.h"
#include "aws/endpoint.h"
#include "aws/imds.h"
#include "identity/token.h"

namespace outrigger::identity {
namespace {

Result<std::string> region_of(const aws::Variables& variables, aws::Imds& imds) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = variables(name); !region.empty()) return region;
  }
  if (!imds.disabled()) {
    if (auto region = imds.get("latest/meta-data/placement/region", nullptr)) return *region;
  }
  return failed("there is no AWS region: set AWS_REGION to that of the service");
}

std::string no_credentials() {
  return "there are no AWS credentials: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
         "AWS_SESSION_TOKEN";
}

}  // namespace

Result<std::shared_ptr<aws::Client>> own_client(const aws::Variables& variables) {
  auto pool = aws::make_pool(variables);
  if (!pool) return pool.error();
  const auto imds = std::make_shared<aws::Imds>(variables, *pool);
  auto region = region_of(variables, *imds);
  if (!region) return region.error();
  auto provider = aws::find_provider(variables, *pool, imds->disabled() ? nullptr : imds);
  if (provider == nullptr) return failed(no_credentials());
  return std::make_shared<aws::Client>(aws::Client::Options{
      .region = std::move(*region),
      .variables = variables,
      .pool = std::move(*pool),
      .credentials = std::make_shared<aws::CredentialCache>(std::move(provider))});
}

Result<std::string> authorization_for(std::string_view audience, const aws::Variables& variables) {
  auto pool = aws::make_pool(variables);
  if (!pool) return pool.error();
  const auto imds = std::make_shared<aws::Imds>(variables, *pool);
  const auto region = region_of(variables, *imds);
  if (!region) return region.error();
  const auto provider = aws::find_provider(variables, *pool, imds->disabled() ? nullptr : imds);
  if (provider == nullptr) return failed(no_credentials());
  const auto credentials = provider->fetch(nullptr);
  if (!credentials) return failed(credentials.failure().message);
  if (credentials->session_token.empty())
    return failed("a role's temporary credentials are needed, and these, from " +
                  std::string(provider->name()) + ", are none: there is no AWS_SESSION_TOKEN");
  return make_token({aws::endpoint_url(aws::Service::kSts, *region, variables), *region}, audience,
                    *credentials, static_cast<int64_t>(std::time(nullptr)));
}

}  // namespace outrigger::identity
