#include "discovery/access.h"

#include <utility>

#include "base/machine.h"

namespace outrigger::discovery {
namespace {

Found look(const aws::Variables& variables, const http::Cancel* cancel) {
  Found found;
  auto pool = aws::make_pool(variables);
  found.pool = pool ? *pool : std::make_shared<http::Pool>(http::Pool::Options{});
  found.imds = std::make_shared<aws::Imds>(variables, found.pool);
  found.place = find_place(variables, signs_of(variables, base::machine_vendor()), *found.imds,
                           *found.pool, cancel);
  const Place& place = found.place;
  if (!pool) {
    found.no_client = pool.error().message;
    return found;
  }
  if (place.region.empty()) {
    found.no_client = "there is no AWS region: AWS_REGION is not set, ";
    found.no_client += place.notes.empty() ? "and nothing says that this is a machine of AWS"
                                           : "and " + place.notes.front();
    return found;
  }
  auto provider =
      aws::find_provider(variables, found.pool, place.instance.empty() ? nullptr : found.imds);
  if (provider == nullptr) {
    found.no_client =
        "there are no AWS credentials: no variable names any, and there is no "
        "instance whose role this could have";
    return found;
  }
  found.client = std::make_shared<aws::Client>(aws::Client::Options{
      .region = place.region,
      .variables = variables,
      .pool = found.pool,
      .credentials = std::make_shared<aws::CredentialCache>(std::move(provider))});
  return found;
}

}  // namespace

std::shared_ptr<const Found> Access::find(const http::Cancel* cancel) {
  const std::lock_guard lock(mutex_);
  if (found_ == nullptr || found_->client == nullptr)
    found_ = std::make_shared<const Found>(look(variables_, cancel));
  return found_;
}

}  // namespace outrigger::discovery
