// The other side: a command that proves who it is to a service elsewhere.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aws/client.h"
#include "aws/variables.h"
#include "outrigger/result.h"

namespace outrigger::identity {

// A new token for one request: the Authorization header's value. Credentials and region are found as
// every AWS SDK finds them (no profile file); asks for them, so it blocks. `audience`:
// "prober/production/i-0abc".
Result<std::string> authorization_for(std::string_view audience, const aws::Variables& variables);

// AWS with the same region and credentials.
Result<std::shared_ptr<aws::Client>> own_client(const aws::Variables& variables);

}  // namespace outrigger::identity
