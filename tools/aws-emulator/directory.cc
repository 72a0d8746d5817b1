#include "directory.h"

#include <algorithm>

namespace outrigger::emulator {
namespace {

std::string text_in(const json::object& in, std::string_view name) {
  const json::value* const value = in.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? std::string(value->get_string().c_str())
                                                : std::string();
}

bool flag_in(const json::object& in, std::string_view name) {
  const json::value* const value = in.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::vector<std::pair<std::string, std::string>> texts_of(const json::value& value) {
  std::vector<std::pair<std::string, std::string>> texts;
  if (!value.is_object()) return texts;
  for (const auto& each : value.get_object()) {
    if (each.value().is_string())
      texts.emplace_back(std::string(each.key()), std::string(each.value().get_string().c_str()));
  }
  return texts;
}

}  // namespace

Answer Directory::answer(const Call& call) {
  using Query = Answer (Directory::*)(const Call&);
  constexpr std::pair<std::string_view, Query> kQueries[] = {
      {"ec2 DescribeTags", &Directory::ec2_tags},
      {"autoscaling DescribeTags", &Directory::auto_scaling_tags},
      {"autoscaling DescribeAutoScalingInstances", &Directory::auto_scaling_instances},
      {"sts GetCallerIdentity", &Directory::caller_identity},
      {"sts AssumeRoleWithWebIdentity", &Directory::web_identity}};
  using Json = Answer (Directory::*)(const Call&, const json::object&);
  constexpr std::pair<std::string_view, Json> kJsons[] = {
      {"ssm GetParameter", &Directory::parameter},
      {"ssm GetParameters", &Directory::parameters},
      {"ssm GetParametersByPath", &Directory::parameters_by_path},
      {"secretsmanager GetSecretValue", &Directory::secret},
      {"servicediscovery DiscoverInstances", &Directory::discover}};
  const std::string name = call.service + " " + call.operation;
  for (const auto& [known, handler] : kQueries) {
    if (name == known) return (this->*handler)(call);
  }
  for (const auto& [known, handler] : kJsons) {
    if (name != known) continue;
    json::error_code error;
    const std::string_view content = call.text;
    const json::value in = json::parse({content.data(), content.size()}, error);
    if (!error && in.is_object()) return (this->*handler)(call, in.get_object());
    violations_.note("json", name);
    return refuse(call, "SerializationException", "the body is no JSON object");
  }
  violations_.note("operation", name);
  return refuse(call,
                call.protocol == Protocol::kJson ? "UnknownOperationException" : "InvalidAction",
                "the emulator does not know " + name);
}

// Filter.N.Name and Filter.N.Value.M, of which resource-id alone is looked at.
Answer Directory::ec2_tags(const Call& call) {
  std::string asked;
  for (int i = 1; i <= 10; ++i) {
    const std::string base = "Filter." + std::to_string(i);
    if (call.field(base + ".Name") == "resource-id") asked = call.field(base + ".Value.1");
  }
  const std::string instance = account_.text({"instance", "instance-id"});
  auto tags = texts_of(account_.at({"tags"}));
  if (!asked.empty() && asked != instance) tags.clear();
  const auto page = page_of(call.field("NextToken"), tags.size(), page_size());
  if (!page) return refuse(call, "InvalidParameterValue", "NextToken was not given out here");
  std::string items;
  for (size_t i = page->begin; i < page->end; ++i) {
    items += "<item>" + element("resourceId", instance) + element("resourceType", "instance") +
             element("key", tags[i].first) + element("value", tags[i].second) + "</item>";
  }
  return xml_answer("<DescribeTagsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">" +
                    element("requestId", random_hex(32)) + "<tagSet>" + items + "</tagSet>" +
                    (page->next.empty() ? "" : element("nextToken", page->next)) +
                    "</DescribeTagsResponse>");
}

Answer Directory::auto_scaling_tags(const Call& call) {
  const std::string group = account_.text({"tags", "aws:autoscaling:groupName"});
  std::string asked;
  for (int i = 1; i <= 10; ++i) {
    const std::string base = "Filters.member." + std::to_string(i);
    if (call.field(base + ".Name") == "auto-scaling-group")
      asked = call.field(base + ".Values.member.1");
  }
  auto tags = texts_of(account_.at({"auto_scaling_tags"}));
  if (!asked.empty() && asked != group) tags.clear();
  const auto page = page_of(call.field("NextToken"), tags.size(), page_size());
  if (!page) return refuse(call, "InvalidNextToken", "NextToken was not given out here");
  std::string items;
  for (size_t i = page->begin; i < page->end; ++i) {
    items += "<member>" + element("ResourceId", group) +
             element("ResourceType", "auto-scaling-group") + element("Key", tags[i].first) +
             element("Value", tags[i].second) + element("PropagateAtLaunch", "true") + "</member>";
  }
  return xml_answer(
      "<DescribeTagsResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\">"
      "<DescribeTagsResult><Tags>" +
      items + "</Tags>" + (page->next.empty() ? "" : element("NextToken", page->next)) +
      "</DescribeTagsResult>" + response_metadata() + "</DescribeTagsResponse>");
}

Answer Directory::auto_scaling_instances(const Call& call) {
  const std::string group = account_.text({"tags", "aws:autoscaling:groupName"});
  const std::string instance = account_.text({"instance", "instance-id"});
  const std::string_view asked = call.field("InstanceIds.member.1");
  std::string items;
  if (!group.empty() && (asked.empty() || asked == instance))
    items = "<member>" + element("InstanceId", instance) + element("AutoScalingGroupName", group) +
            "</member>";
  return xml_answer(
      "<DescribeAutoScalingInstancesResponse "
      "xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\">"
      "<DescribeAutoScalingInstancesResult><AutoScalingInstances>" +
      items + "</AutoScalingInstances></DescribeAutoScalingInstancesResult>" + response_metadata() +
      "</DescribeAutoScalingInstancesResponse>");
}

Answer Directory::caller_identity(const Call& call) {
  const std::string account = account_.text({"instance", "account"});
  return xml_answer(
      "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<GetCallerIdentityResult>" +
      element("Arn", identity_.caller(call)) + element("UserId", "AROAEMULATOR:session") +
      element("Account", account) + "</GetCallerIdentityResult>" + response_metadata() +
      "</GetCallerIdentityResponse>");
}

Answer Directory::web_identity(const Call& call) {
  const std::string wanted = account_.text({"web_identity_token"});
  const std::string_view token = call.field("WebIdentityToken");
  if (token.empty() || call.field("RoleArn").empty() || call.field("RoleSessionName").empty()) {
    violations_.note("sts", "AssumeRoleWithWebIdentity without token, role or session name");
    return refuse(call, "ValidationError",
                  "WebIdentityToken, RoleArn and RoleSessionName are needed");
  }
  if (!wanted.empty() && wanted != token)
    return refuse(call, "InvalidIdentityToken", "The web identity token is not that of the pod");
  const Keys keys = identity_.issue();
  return xml_answer(
      "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<AssumeRoleWithWebIdentityResult><Credentials>" +
      element("AccessKeyId", keys.id) + element("SecretAccessKey", keys.secret) +
      element("SessionToken", keys.token) + element("Expiration", utc_text(keys.expires_s)) +
      "</Credentials><AssumedRoleUser>" + element("Arn", call.field("RoleArn")) +
      element("AssumedRoleId", "AROAEMULATOR:session") +
      "</AssumedRoleUser></AssumeRoleWithWebIdentityResult>" + response_metadata() +
      "</AssumeRoleWithWebIdentityResponse>");
}

// A parameter is a text, or {"value": …, "type": "SecureString"}.
json::value Directory::parameter_of(const std::string& name, bool decrypted) const {
  const json::value found = account_.at({"parameters", name});
  if (found.is_null()) return nullptr;
  std::string value, type = "String";
  if (found.is_object()) {
    value = text_in(found.get_object(), "value");
    type = text_in(found.get_object(), "type");
  } else {
    value = found.is_string() ? found.get_string().c_str() : json::serialize(found);
  }
  if (type == "SecureString" && !decrypted) value = "AQICAHencrypted";
  return json::object{{"Name", name}, {"Type", type}, {"Value", value}, {"Version", 1}};
}

Answer Directory::parameter(const Call& call, const json::object& in) {
  const json::value found = parameter_of(text_in(in, "Name"), flag_in(in, "WithDecryption"));
  if (found.is_null()) return refuse(call, "ParameterNotFound", "");
  return json_answer(json::object{{"Parameter", found}});
}

Answer Directory::parameters(const Call& call, const json::object& in) {
  constexpr size_t kNamesMax = 10;  // "GetParameters": 1 to 10
  const json::value* const names = in.if_contains("Names");
  if (names == nullptr || !names->is_array() || names->get_array().empty() ||
      names->get_array().size() > kNamesMax) {
    violations_.note("ssm", "GetParameters takes 1 to 10 names");
    return refuse(call, "ValidationException", "Names has to have 1 to 10 members");
  }
  json::array found, invalid;
  for (const json::value& each : names->get_array()) {
    const std::string name = each.is_string() ? each.get_string().c_str() : "";
    json::value one = parameter_of(name, flag_in(in, "WithDecryption"));
    one.is_null() ? invalid.push_back(each) : found.push_back(std::move(one));
  }
  return json_answer(
      json::object{{"Parameters", std::move(found)}, {"InvalidParameters", std::move(invalid)}});
}

Answer Directory::parameters_by_path(const Call& call, const json::object& in) {
  constexpr size_t kResultsMax = 10;  // "GetParametersByPath": MaxResults 1 to 10
  std::string path = text_in(in, "Path");
  if (!path.ends_with('/')) path += '/';
  std::vector<std::string> names;
  const json::value all = account_.at({"parameters"});
  for (const auto& each : all.as_object()) {
    const std::string name(each.key());
    const bool direct = name.find('/', path.size()) == std::string::npos;
    if (name.starts_with(path) && (direct || flag_in(in, "Recursive"))) names.push_back(name);
  }
  const auto page =
      page_of(text_in(in, "NextToken"), names.size(), std::min(kResultsMax, page_size()));
  if (!page) return refuse(call, "InvalidNextToken", "NextToken was not given out here");
  json::array found;
  for (size_t i = page->begin; i < page->end; ++i)
    found.push_back(parameter_of(names[i], flag_in(in, "WithDecryption")));
  json::object out{{"Parameters", std::move(found)}};
  if (!page->next.empty()) out["NextToken"] = page->next;
  return json_answer(out);
}

Answer Directory::secret(const Call& call, const json::object& in) {
  const std::string name = text_in(in, "SecretId");
  const std::string value = account_.text({"secrets", name});
  if (value.empty())
    return refuse(call, "ResourceNotFoundException",
                  "Secrets Manager can't find the specified secret.");
  return json_answer(json::object{{"Name", name},
                                  {"SecretString", value},
                                  {"VersionId", random_hex(32)},
                                  {"VersionStages", json::array{"AWSCURRENT"}}});
}

// "services": {"namespace/service": [{"id", "ip", "port", "health", "attributes": {…}}]}
Answer Directory::discover(const Call& call, const json::object& in) {
  const std::string space = text_in(in, "NamespaceName"), service = text_in(in, "ServiceName");
  const json::value list = account_.at({"services", space + "/" + service});
  if (!list.is_array())
    return refuse(call, "ServiceNotFound", "Service not found: " + space + "/" + service);
  json::array instances;
  for (const json::value& each : list.get_array()) {
    if (!each.is_object()) continue;
    const json::object& one = each.get_object();
    json::object attributes{{"AWS_INSTANCE_IPV4", text_in(one, "ip")}};
    const json::value* const port = one.if_contains("port");
    if (port != nullptr) {
      attributes["AWS_INSTANCE_PORT"] =
          port->is_string() ? std::string(port->get_string().c_str()) : json::serialize(*port);
    }
    if (const json::value* const more = one.if_contains("attributes"); more && more->is_object()) {
      for (const auto& attribute : more->get_object())
        attributes[attribute.key()] = attribute.value();
    }
    const std::string health = text_in(one, "health");
    instances.push_back(json::object{{"InstanceId", text_in(one, "id")},
                                     {"NamespaceName", space},
                                     {"ServiceName", service},
                                     {"HealthStatus", health.empty() ? "HEALTHY" : health},
                                     {"Attributes", std::move(attributes)}});
  }
  return json_answer(json::object{{"Instances", std::move(instances)}, {"InstancesRevision", 1}});
}

}  // namespace outrigger::emulator
