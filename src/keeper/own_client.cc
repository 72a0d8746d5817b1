#include "keeper/own_client.h"

#include <memory>
#include <string>
#include <utility>

#include "aws/imds.h"

namespace outrigger::keeper {

PutOutcome make_client(std::optional<aws::Client>& client, const http::Cancel& cancel) {
  using Kind = PutOutcome::Kind;
  if (client) return {};
  const aws::Variables variables = aws::own_variables();
  auto pool = aws::make_pool(variables);
  if (!pool) return {Kind::kRetry, {}, pool.error().message};
  auto imds = std::make_shared<aws::Imds>(variables, *pool);
  std::string region = variables("AWS_REGION");
  if (region.empty()) region = variables("AWS_DEFAULT_REGION");
  if (region.empty() && !imds->disabled()) {
    auto found = imds->get("latest/meta-data/placement/region", &cancel);
    if (!found)
      return {
          Kind::kRetry, {}, "no AWS region: AWS_REGION is not set, and " + found.failure().message};
    region = *found;
  }
  if (region.empty())
    return {Kind::kRetry, {}, "no AWS region: AWS_REGION is not set, and there is no metadata"};
  auto credentials =
      std::make_shared<aws::CredentialCache>(aws::find_provider(variables, *pool, imds));
  client.emplace(aws::Client::Options{region, variables, *pool, std::move(credentials)});
  return {};
}

}  // namespace outrigger::keeper
