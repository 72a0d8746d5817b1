#include "aws/endpoint.h"

#include <cstddef>
#include <iterator>

namespace outrigger::aws {
namespace {

// In aws-us-gov the plain name is the FIPS endpoint (https://aws.amazon.com/compliance/fips/).
enum class GovFips { kOwnName, kPlainName, kPlainNameInDualStackToo };
// Some services' plain name answers over IPv6 as well.
enum class DualStack { kOwnSuffix, kPlainSuffix, kPlainSuffixUnlessFips, kOwnLabel };

struct Row {
  Service service;
  std::string_view host;      // the first label of its name
  std::string_view signing;   // in the signature's scope
  std::string_view variable;  // AWS_ENDPOINT_URL_<this>: the SDKs' name of the service
  GovFips gov = GovFips::kPlainName;
  DualStack dual_stack = DualStack::kOwnSuffix;
};
// As botocore's endpoint rule sets have it (botocore/data/*/endpoint-rule-set-1.json).
constexpr Row kRows[] = {
    {Service::kLogs, "logs", "logs", "CLOUDWATCH_LOGS"},
    {Service::kMetrics, "monitoring", "monitoring", "CLOUDWATCH",
     GovFips::kPlainNameInDualStackToo},
    {Service::kEc2, "ec2", "ec2", "EC2"},
    {Service::kAutoScaling, "autoscaling", "autoscaling", "AUTO_SCALING"},
    {Service::kCloudFormation, "cloudformation", "cloudformation", "CLOUDFORMATION"},
    {Service::kSsm, "ssm", "ssm", "SSM"},
    {Service::kSecretsManager, "secretsmanager", "secretsmanager", "SECRETS_MANAGER",
     GovFips::kOwnName, DualStack::kPlainSuffix},
    {Service::kServiceDiscovery, "servicediscovery", "servicediscovery", "SERVICEDISCOVERY",
     GovFips::kOwnName, DualStack::kPlainSuffixUnlessFips},
    {Service::kSts, "sts", "sts", "STS"},
    {Service::kS3, "s3", "s3", "S3", GovFips::kOwnName, DualStack::kOwnLabel},
};
static_assert(std::size(kRows) == kServices);

const Row& row_of(Service service) { return kRows[static_cast<size_t>(service)]; }

// https://docs.aws.amazon.com/general/latest/gr/rande.html; botocore, data/partitions.json.
struct Partition {
  std::string_view name;
  std::string_view region_prefix;  // "": all others
  std::string_view suffix;
  std::string_view dual_stack_suffix;
};
constexpr Partition kPartitions[] = {
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"},
    {"aws", "", "amazonaws.com", "api.aws"},
};

const Partition& partition_row(std::string_view region) {
  const Partition* partition = kPartitions;
  while (!region.starts_with(partition->region_prefix)) ++partition;
  return *partition;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

std::string_view signing_name(Service service) { return row_of(service).signing; }

std::string_view partition_of(std::string_view region) { return partition_row(region).name; }

EndpointRules endpoint_rules(const Variables& variables) {
  return {is_true(variables("AWS_USE_FIPS_ENDPOINT")),
          is_true(variables("AWS_USE_DUALSTACK_ENDPOINT"))};
}

std::string configured_endpoint(Service service, const Variables& variables) {
  if (is_true(variables("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) return {};
  const std::string own = "AWS_ENDPOINT_URL_" + std::string(row_of(service).variable);
  for (const char* name : {own.c_str(), "AWS_ENDPOINT_URL"}) {
    if (std::string url = variables(name); !url.empty()) return without_slash(std::move(url));
  }
  return {};
}

std::string endpoint_url(Service service, std::string_view region, const Variables& variables) {
  if (std::string url = configured_endpoint(service, variables); !url.empty()) return url;
  const Row& row = row_of(service);
  const Partition& partition = partition_row(region);
  const EndpointRules rules = endpoint_rules(variables);
  std::string url = "https://";
  url += row.host;
  const bool plain_is_fips = partition.name == "aws-us-gov" &&
                             (rules.dual_stack ? row.gov == GovFips::kPlainNameInDualStackToo
                                               : row.gov != GovFips::kOwnName);
  if (rules.fips && !plain_is_fips) url += "-fips";
  if (rules.dual_stack && row.dual_stack == DualStack::kOwnLabel) url += ".dualstack";
  url.append(".").append(region).append(".");
  const bool own_suffix =
      rules.dual_stack && (row.dual_stack == DualStack::kOwnSuffix ||
                           (row.dual_stack == DualStack::kPlainSuffixUnlessFips && rules.fips));
  url += own_suffix ? partition.dual_stack_suffix : partition.suffix;
  return url;
}

}  // namespace outrigger::aws
