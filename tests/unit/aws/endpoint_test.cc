#include "aws/endpoint.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace outrigger::aws {
namespace {

Variables variables_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

// What botocore makes of the rules that AWS publishes: service (in the order of the enum), region,
// FIPS, dual stack, URL.
constexpr const char* kTable = R"(
0 eu-west-1 0 0 https://logs.eu-west-1.amazonaws.com
0 eu-west-1 0 1 https://logs.eu-west-1.api.aws
0 eu-west-1 1 0 https://logs-fips.eu-west-1.amazonaws.com
0 eu-west-1 1 1 https://logs-fips.eu-west-1.api.aws
0 cn-north-1 0 0 https://logs.cn-north-1.amazonaws.com.cn
0 cn-north-1 0 1 https://logs.cn-north-1.api.amazonwebservices.com.cn
0 us-gov-west-1 0 0 https://logs.us-gov-west-1.amazonaws.com
0 us-gov-west-1 0 1 https://logs.us-gov-west-1.api.aws
0 us-gov-west-1 1 0 https://logs.us-gov-west-1.amazonaws.com
0 us-gov-west-1 1 1 https://logs-fips.us-gov-west-1.api.aws
1 eu-west-1 0 0 https://monitoring.eu-west-1.amazonaws.com
1 eu-west-1 0 1 https://monitoring.eu-west-1.api.aws
1 eu-west-1 1 0 https://monitoring-fips.eu-west-1.amazonaws.com
1 eu-west-1 1 1 https://monitoring-fips.eu-west-1.api.aws
1 cn-north-1 0 0 https://monitoring.cn-north-1.amazonaws.com.cn
1 cn-north-1 0 1 https://monitoring.cn-north-1.api.amazonwebservices.com.cn
1 us-gov-west-1 0 0 https://monitoring.us-gov-west-1.amazonaws.com
1 us-gov-west-1 0 1 https://monitoring.us-gov-west-1.api.aws
1 us-gov-west-1 1 0 https://monitoring.us-gov-west-1.amazonaws.com
1 us-gov-west-1 1 1 https://monitoring.us-gov-west-1.api.aws
2 eu-west-1 0 0 https://ec2.eu-west-1.amazonaws.com
2 eu-west-1 0 1 https://ec2.eu-west-1.api.aws
2 eu-west-1 1 0 https://ec2-fips.eu-west-1.amazonaws.com
2 eu-west-1 1 1 https://ec2-fips.eu-west-1.api.aws
2 cn-north-1 0 0 https://ec2.cn-north-1.amazonaws.com.cn
2 cn-north-1 0 1 https://ec2.cn-north-1.api.amazonwebservices.com.cn
2 us-gov-west-1 0 0 https://ec2.us-gov-west-1.amazonaws.com
2 us-gov-west-1 0 1 https://ec2.us-gov-west-1.api.aws
2 us-gov-west-1 1 0 https://ec2.us-gov-west-1.amazonaws.com
2 us-gov-west-1 1 1 https://ec2-fips.us-gov-west-1.api.aws
3 eu-west-1 0 0 https://autoscaling.eu-west-1.amazonaws.com
3 eu-west-1 0 1 https://autoscaling.eu-west-1.api.aws
3 eu-west-1 1 0 https://autoscaling-fips.eu-west-1.amazonaws.com
3 eu-west-1 1 1 https://autoscaling-fips.eu-west-1.api.aws
3 cn-north-1 0 0 https://autoscaling.cn-north-1.amazonaws.com.cn
3 cn-north-1 0 1 https://autoscaling.cn-north-1.api.amazonwebservices.com.cn
3 us-gov-west-1 0 0 https://autoscaling.us-gov-west-1.amazonaws.com
3 us-gov-west-1 0 1 https://autoscaling.us-gov-west-1.api.aws
3 us-gov-west-1 1 0 https://autoscaling.us-gov-west-1.amazonaws.com
3 us-gov-west-1 1 1 https://autoscaling-fips.us-gov-west-1.api.aws
4 eu-west-1 0 0 https://cloudformation.eu-west-1.amazonaws.com
4 eu-west-1 0 1 https://cloudformation.eu-west-1.api.aws
4 eu-west-1 1 0 https://cloudformation-fips.eu-west-1.amazonaws.com
4 eu-west-1 1 1 https://cloudformation-fips.eu-west-1.api.aws
4 cn-north-1 0 0 https://cloudformation.cn-north-1.amazonaws.com.cn
4 cn-north-1 0 1 https://cloudformation.cn-north-1.api.amazonwebservices.com.cn
4 us-gov-west-1 0 0 https://cloudformation.us-gov-west-1.amazonaws.com
4 us-gov-west-1 0 1 https://cloudformation.us-gov-west-1.api.aws
4 us-gov-west-1 1 0 https://cloudformation.us-gov-west-1.amazonaws.com
4 us-gov-west-1 1 1 https://cloudformation-fips.us-gov-west-1.api.aws
5 eu-west-1 0 0 https://ssm.eu-west-1.amazonaws.com
5 eu-west-1 0 1 https://ssm.eu-west-1.api.aws
5 eu-west-1 1 0 https://ssm-fips.eu-west-1.amazonaws.com
5 eu-west-1 1 1 https://ssm-fips.eu-west-1.api.aws
5 cn-north-1 0 0 https://ssm.cn-north-1.amazonaws.com.cn
5 cn-north-1 0 1 https://ssm.cn-north-1.api.amazonwebservices.com.cn
5 us-gov-west-1 0 0 https://ssm.us-gov-west-1.amazonaws.com
5 us-gov-west-1 0 1 https://ssm.us-gov-west-1.api.aws
5 us-gov-west-1 1 0 https://ssm.us-gov-west-1.amazonaws.com
5 us-gov-west-1 1 1 https://ssm-fips.us-gov-west-1.api.aws
6 eu-west-1 0 0 https://secretsmanager.eu-west-1.amazonaws.com
6 eu-west-1 0 1 https://secretsmanager.eu-west-1.amazonaws.com
6 eu-west-1 1 0 https://secretsmanager-fips.eu-west-1.amazonaws.com
6 eu-west-1 1 1 https://secretsmanager-fips.eu-west-1.amazonaws.com
6 cn-north-1 0 0 https://secretsmanager.cn-north-1.amazonaws.com.cn
6 cn-north-1 0 1 https://secretsmanager.cn-north-1.amazonaws.com.cn
6 us-gov-west-1 0 0 https://secretsmanager.us-gov-west-1.amazonaws.com
6 us-gov-west-1 0 1 https://secretsmanager.us-gov-west-1.amazonaws.com
6 us-gov-west-1 1 0 https://secretsmanager-fips.us-gov-west-1.amazonaws.com
6 us-gov-west-1 1 1 https://secretsmanager-fips.us-gov-west-1.amazonaws.com
7 eu-west-1 0 0 https://servicediscovery.eu-west-1.amazonaws.com
7 eu-west-1 0 1 https://servicediscovery.eu-west-1.amazonaws.com
7 eu-west-1 1 0 https://servicediscovery-fips.eu-west-1.amazonaws.com
7 eu-west-1 1 1 https://servicediscovery-fips.eu-west-1.api.aws
7 cn-north-1 0 0 https://servicediscovery.cn-north-1.amazonaws.com.cn
7 cn-north-1 0 1 https://servicediscovery.cn-north-1.amazonaws.com.cn
7 us-gov-west-1 0 0 https://servicediscovery.us-gov-west-1.amazonaws.com
7 us-gov-west-1 0 1 https://servicediscovery.us-gov-west-1.amazonaws.com
7 us-gov-west-1 1 0 https://servicediscovery-fips.us-gov-west-1.amazonaws.com
7 us-gov-west-1 1 1 https://servicediscovery-fips.us-gov-west-1.api.aws
8 eu-west-1 0 0 https://sts.eu-west-1.amazonaws.com
8 eu-west-1 0 1 https://sts.eu-west-1.api.aws
8 eu-west-1 1 0 https://sts-fips.eu-west-1.amazonaws.com
8 eu-west-1 1 1 https://sts-fips.eu-west-1.api.aws
8 cn-north-1 0 0 https://sts.cn-north-1.amazonaws.com.cn
8 cn-north-1 0 1 https://sts.cn-north-1.api.amazonwebservices.com.cn
8 us-gov-west-1 0 0 https://sts.us-gov-west-1.amazonaws.com
8 us-gov-west-1 0 1 https://sts.us-gov-west-1.api.aws
8 us-gov-west-1 1 0 https://sts.us-gov-west-1.amazonaws.com
8 us-gov-west-1 1 1 https://sts-fips.us-gov-west-1.api.aws
9 eu-west-1 0 0 https://s3.eu-west-1.amazonaws.com
9 eu-west-1 0 1 https://s3.dualstack.eu-west-1.amazonaws.com
9 eu-west-1 1 0 https://s3-fips.eu-west-1.amazonaws.com
9 eu-west-1 1 1 https://s3-fips.dualstack.eu-west-1.amazonaws.com
9 cn-north-1 0 0 https://s3.cn-north-1.amazonaws.com.cn
9 cn-north-1 0 1 https://s3.dualstack.cn-north-1.amazonaws.com.cn
9 us-gov-west-1 0 0 https://s3.us-gov-west-1.amazonaws.com
9 us-gov-west-1 0 1 https://s3.dualstack.us-gov-west-1.amazonaws.com
9 us-gov-west-1 1 0 https://s3-fips.us-gov-west-1.amazonaws.com
9 us-gov-west-1 1 1 https://s3-fips.dualstack.us-gov-west-1.amazonaws.com
)";

TEST(Endpoint, is_where_the_published_rules_say) {
  std::istringstream rows(kTable);
  int service = 0, fips = 0, dual_stack = 0, count = 0;
  std::string region, url;
  while (rows >> service >> region >> fips >> dual_stack >> url) {
    std::map<std::string, std::string> values;
    if (fips) values["AWS_USE_FIPS_ENDPOINT"] = "true";
    if (dual_stack) values["AWS_USE_DUALSTACK_ENDPOINT"] = "True";
    EXPECT_EQ(endpoint_url(static_cast<Service>(service), region, variables_of(values)), url)
        << region << " fips " << fips << " dual stack " << dual_stack;
    ++count;
  }
  EXPECT_EQ(count, kServices * (3 * 4 - 2)) << "there is no FIPS in China";
}

TEST(Endpoint, partitions) {
  EXPECT_EQ(partition_of("eu-central-1"), "aws");
  EXPECT_EQ(partition_of("cn-northwest-1"), "aws-cn");
  EXPECT_EQ(partition_of("us-gov-east-1"), "aws-us-gov");
}

TEST(Endpoint, a_configured_one_goes_first_and_the_services_own_before_that) {
  const Variables both = variables_of({{"AWS_ENDPOINT_URL", "http://127.0.0.1:1/"},
                                       {"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "https://logs.test"},
                                       {"AWS_USE_FIPS_ENDPOINT", "true"}});
  EXPECT_EQ(endpoint_url(Service::kLogs, "eu-west-1", both), "https://logs.test");
  EXPECT_EQ(endpoint_url(Service::kMetrics, "eu-west-1", both), "http://127.0.0.1:1");
  const Variables ignored = variables_of({{"AWS_ENDPOINT_URL", "http://127.0.0.1:1/"},
                                          {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}});
  EXPECT_EQ(endpoint_url(Service::kLogs, "eu-west-1", ignored),
            "https://logs.eu-west-1.amazonaws.com");
  const char* const names[] = {"CLOUDWATCH_LOGS",
                               "CLOUDWATCH",
                               "EC2",
                               "AUTO_SCALING",
                               "CLOUDFORMATION",
                               "SSM",
                               "SECRETS_MANAGER",
                               "SERVICEDISCOVERY",
                               "STS",
                               "S3"};
  for (int i = 0; i < kServices; ++i) {
    const std::string name = "AWS_ENDPOINT_URL_" + std::string(names[i]);
    EXPECT_EQ(endpoint_url(static_cast<Service>(i), "x", variables_of({{name, "http://own"}})),
              "http://own")
        << name;
  }
}

}  // namespace
}  // namespace outrigger::aws
