// Cloud Map, JSON 1.1. https://docs.aws.amazon.com/cloud-map/latest/api/
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"

namespace outrigger::aws::servicediscovery {

// Those that are healthy (all, when none is: HEALTHY_OR_ELSE_ALL), "192.0.2.1:8080" or
// "[2001:db8::1]:80"; without a port the address alone. Needs servicediscovery:DiscoverInstances.
Outcome<std::vector<std::string>> discover_instances(Client& client, std::string_view name_space,
                                                     std::string_view service,
                                                     const http::Cancel* cancel);

}  // namespace outrigger::aws::servicediscovery
