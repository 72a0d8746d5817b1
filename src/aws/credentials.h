// Temporary credentials, and where they come from: one file a provider. They live in the keeper
// alone and are never printed: no function here makes text of them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/failure.h"
#include "aws/variables.h"
#include "http/cancel.h"

namespace outrigger::http {
class Pool;
}

namespace outrigger::aws {

using WallTime = std::chrono::system_clock::time_point;

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;        // empty: none
  std::optional<WallTime> expires;  // none: never
};

// One source. fetch() blocks its thread, asks anew each time, and is called by one thread at a
// time.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;
  virtual Outcome<Credentials> fetch(const http::Cancel* cancel) = 0;
  // "web identity", "the instance's role": for the pages.
  virtual std::string_view name() const = 0;
};

class Imds;

// Each gives null where its variables are not set.
std::unique_ptr<CredentialProvider> environment_provider(const Variables& variables);
std::unique_ptr<CredentialProvider> web_identity_provider(const Variables& variables,
                                                          std::shared_ptr<http::Pool> pool);
std::unique_ptr<CredentialProvider> container_provider(const Variables& variables,
                                                       std::shared_ptr<http::Pool> pool);
// Null where AWS_EC2_METADATA_DISABLED says so.
std::unique_ptr<CredentialProvider> instance_provider(std::shared_ptr<Imds> imds);

// The first one that is there, in the order of the contract: environment, web identity, container,
// instance. Null where there is none.
std::unique_ptr<CredentialProvider> find_provider(const Variables& variables,
                                                  std::shared_ptr<http::Pool> pool,
                                                  std::shared_ptr<Imds> imds);

// The answer of the metadata services: AccessKeyId, SecretAccessKey, Token, Expiration.
Outcome<Credentials> parse_credentials(std::string_view json, std::string_view from);

}  // namespace outrigger::aws
