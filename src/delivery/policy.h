// What the service's role must allow, by what its declarations say that it may ask of AWS.
#pragma once

#include "delivery/wanted.h"
#include "outrigger/json.h"

namespace outrigger::delivery {

// Where the policy will stand: in a stack's template, where the stack's own names limit it, or by
// itself, for any region, account and environment.
enum class PolicyFor { kStack, kAnywhere };

// {"Version": "2012-10-17", "Statement": [...]}. A statement for each purpose.
Json service_policy(const Facts& facts, PolicyFor place);

}  // namespace outrigger::delivery
