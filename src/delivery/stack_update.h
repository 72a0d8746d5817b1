// A stack to another version of the service: its two parameters are changed, and what comes of it is
// told as it happens.
#pragma once

#include "aws/client.h"
#include "delivery/report.h"
#include "delivery/wanted.h"

namespace outrigger::delivery {

// The error's sentence is why CloudFormation went back to the version before, or stopped.
Result<std::string> update_stack(aws::Client& client, const std::string& stack,
                                 const std::string& version, const std::string& sha256,
                                 const Report& report);

}  // namespace outrigger::delivery
