// What AWS is told when -init has ended on a machine that boots: the log of the boot goes to
// CloudWatch Logs, since a machine that failed is gone in minutes, and CloudFormation hears whether
// this instance counts.
#pragma once

#include "delivery/wanted.h"

namespace outrigger::delivery {

// Does nothing where neither a log nor a signal is wanted. What fails is one line on stderr each.
// Blocks for at most kTellBudget.
void tell_aws(const Facts& facts, const InitWanted& wanted, int status);

inline constexpr std::chrono::seconds kTellBudget{60};

}  // namespace outrigger::delivery
