// EC2, query protocol. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/client.h"

namespace outrigger::aws::ec2 {

// The tags of an instance, all pages of them. Needs ec2:DescribeTags.
Outcome<std::vector<std::pair<std::string, std::string>>> describe_tags(
    Client& client, std::string_view instance_id, const http::Cancel* cancel);

}  // namespace outrigger::aws::ec2
