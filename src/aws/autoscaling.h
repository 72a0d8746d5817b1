// Auto Scaling, query protocol. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/client.h"

namespace outrigger::aws::autoscaling {

// The tags of a group, all pages of them. Needs autoscaling:DescribeTags.
Outcome<std::vector<std::pair<std::string, std::string>>> describe_tags(Client& client,
                                                                        std::string_view group,
                                                                        const http::Cancel* cancel);

}  // namespace outrigger::aws::autoscaling
