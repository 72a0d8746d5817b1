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

struct Stack {
  std::string status;  // "UPDATE_COMPLETE"
  std::string reason;
  std::vector<std::string> parameters;  // their names
};
Outcome<Stack> describe_stack(Client& client, std::string_view stack, const http::Cancel* cancel);

// The parameters named get new values; the others, and the template, stay. False where that changes
// nothing. Needs cloudformation:UpdateStack, and what the change itself needs.
Outcome<bool> update_stack(Client& client, std::string_view stack, const Stack& is,
                           const std::vector<std::pair<std::string, std::string>>& changes,
                           const http::Cancel* cancel);

struct StackEvent {
  std::string id;
  std::string resource;  // its logical id
  std::string status;
  std::string reason;
};
// The newest first; the newest page alone. Needs cloudformation:DescribeStackEvents.
Outcome<std::vector<StackEvent>> stack_events(Client& client, std::string_view stack,
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
