#include "keeper/admin_callers.h"

#include <unistd.h>

#include <utility>

#include "aws/endpoint.h"

namespace outrigger::keeper {

admin::Access admin_access(const Declarations& declarations,
                           const std::shared_ptr<discovery::Access>& access,
                           admin::Source& source) {
  admin::Access found;
  found.own_uid = geteuid();
  found.networks = declarations.admin_networks;
  found.proof_over_plaintext = declarations.admin_roles_over_plaintext;
  // Locally everyone is let in.
  if (declarations.local || declarations.admin_roles.empty() || access == nullptr) return found;
  identity::Verifier::Options options;
  options.roles = declarations.admin_roles;
  options.audience = [&source] { return source.audience(); };
  options.find = [access](const http::Cancel* cancel) -> identity::Verifier::Found {
    const auto place = access->find(cancel);
    const std::string& region = place->place.region;
    if (region.empty()) return {};
    return {{aws::endpoint_url(aws::Service::kSts, region, access->variables()), region},
            place->pool};
  };
  found.verifier = std::make_shared<identity::Verifier>(std::move(options));
  return found;
}

}  // namespace outrigger::keeper
