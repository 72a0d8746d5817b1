// A client of AWS for what the keeper sends: region and credentials as every AWS SDK finds them.
#pragma once

#include <optional>

#include "aws/client.h"
#include "keeper/destination.h"

namespace outrigger::keeper {

// Fills `client`, unless it is there; kRetry when something cannot be found yet. Blocks.
PutOutcome make_client(std::optional<aws::Client>& client, const http::Cancel& cancel);

}  // namespace outrigger::keeper
