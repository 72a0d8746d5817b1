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

}  // namespace outrigger::aws::cloudformation
