// CloudFormation, query protocol. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/client.h"

namespace outrigger::aws::cloudformation {

// The outputs of a stack, all pages of them. Needs cloudformation:DescribeStacks.
Outcome<std::vector<std::pair<std::string, std::string>>> stack_outputs(Client& client,
                                                                        std::string_view stack,
                                                                        const http::Cancel* cancel);

// A member of a resource that waits for signals says how its start went. Needs
// cloudformation:SignalResource.
enum class Signal { kSuccess, kFailure };
struct SignalOptions {
  std::string stack;
  std::string resource;   // its logical id
  std::string unique_id;  // whose signal it is, 1 to 64 characters: an instance's id
  Signal status = Signal::kSuccess;
};
Outcome<Done> signal_resource(Client& client, const SignalOptions& options,
                              const http::Cancel* cancel);

}  // namespace outrigger::aws::cloudformation
