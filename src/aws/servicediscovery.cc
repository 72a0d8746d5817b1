#include "aws/servicediscovery.h"

#include "aws/json_call.h"
#include "aws/json_value.h"

namespace outrigger::aws::servicediscovery {
namespace {

constexpr int kResultsMax = 1'000;  // API_DiscoverInstances.html

std::string address_of(const boost::json::object& attributes) {
  std::string host;
  for (const char* name : {"AWS_INSTANCE_IPV4", "AWS_INSTANCE_CNAME", "AWS_ALIAS_DNS_NAME"}) {
    if (host.empty()) host = text_in(attributes, name);
  }
  if (host.empty()) host = text_in(attributes, "AWS_INSTANCE_IPV6");
  const std::string port = text_in(attributes, "AWS_INSTANCE_PORT");
  if (host.empty() || port.empty()) return host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return host + ":" + port;
}

}  // namespace

Outcome<std::vector<std::string>> discover_instances(Client& client, std::string_view name_space,
                                                     std::string_view service,
                                                     const http::Cancel* cancel) {
  const std::string body =
      boost::json::serialize(boost::json::object{{"NamespaceName", json_view(name_space)},
                                                 {"ServiceName", json_view(service)},
                                                 {"MaxResults", kResultsMax},
                                                 {"HealthStatus", "HEALTHY_OR_ELSE_ALL"}});
  Call call =
      json_call(Service::kServiceDiscovery, "Route53AutoNaming_v20170314.DiscoverInstances", body);
  call.host_prefix = "data-";
  const auto answer = client.call(call, cancel);
  if (!answer) return answer.failure();
  const auto object = json_object(answer->body);
  const auto* list = object ? array_in(*object, "Instances") : nullptr;
  if (list == nullptr) return not_understood("DiscoverInstances");
  std::vector<std::string> addresses;
  for (const auto& each : *list) {
    const auto* one = each.if_object();
    const auto* attributes = one == nullptr ? nullptr : object_in(*one, "Attributes");
    if (attributes == nullptr) continue;
    if (std::string address = address_of(*attributes); !address.empty())
      addresses.push_back(std::move(address));
  }
  return addresses;
}

}  // namespace outrigger::aws::servicediscovery
