// Systems Manager's Parameter Store, JSON 1.1.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/
#pragma once

#include <map>
#include <string>
#include <vector>

#include "aws/client.h"

namespace outrigger::aws::ssm {

// In one call (API_GetParameters.html); more are asked for in several.
inline constexpr std::size_t kNamesMax = 10;

// Decrypted. Those that do not exist are left out. Needs ssm:GetParameters, and kms:Decrypt for
// SecureString under a key of one's own.
Outcome<std::map<std::string, std::string>> get_parameters(Client& client,
                                                           const std::vector<std::string>& names,
                                                           const http::Cancel* cancel);

}  // namespace outrigger::aws::ssm
