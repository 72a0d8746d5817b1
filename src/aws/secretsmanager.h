// Secrets Manager, JSON 1.1. https://docs.aws.amazon.com/secretsmanager/latest/apireference/
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/client.h"

namespace outrigger::aws::secretsmanager {

// The current text of a secret; none when there is no such secret. Needs
// secretsmanager:GetSecretValue.
Outcome<std::optional<std::string>> get_secret(Client& client, std::string_view id,
                                               const http::Cancel* cancel);

}  // namespace outrigger::aws::secretsmanager
