// Where each of AWS's services answers. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "aws/variables.h"

namespace outrigger::aws {

enum class Service {
  kLogs,
  kMetrics,
  kEc2,
  kAutoScaling,
  kCloudFormation,
  kSsm,
  kSecretsManager,
  kServiceDiscovery,
  kSts,
  kS3,
};
inline constexpr int kServices = 10;

// "logs", "monitoring": as it stands in the scope of a signature.
std::string_view signing_name(Service service);

// What the region's name says: "aws", "aws-cn", "aws-us-gov".
std::string_view partition_of(std::string_view region);

struct EndpointRules {
  bool fips = false;        // AWS_USE_FIPS_ENDPOINT
  bool dual_stack = false;  // AWS_USE_DUALSTACK_ENDPOINT
};
EndpointRules endpoint_rules(const Variables& variables);

// "https://logs.eu-west-1.amazonaws.com", without a slash at the end. AWS_ENDPOINT_URL_<SERVICE>,
// then AWS_ENDPOINT_URL go before the rules, unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS.
std::string endpoint_url(Service service, std::string_view region, const Variables& variables);

// "" where the variables name none.
std::string configured_endpoint(Service service, const Variables& variables);

}  // namespace outrigger::aws
