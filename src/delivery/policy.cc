#include "delivery/policy.h"

#include <algorithm>
#include <optional>
#include <set>

#include "discovery/wanted.h"

namespace outrigger::delivery {
namespace {

// As the service authorization reference has them
// (https://docs.aws.amazon.com/service-authorization/latest/reference/).
constexpr std::string_view kAnything = "*";

class Policy {
 public:
  Policy(const Facts& facts, PolicyFor place, const discovery::Wanted& wanted)
      : facts_(facts),
        place_(place),
        wanted_(wanted),
        actions_(discovery::possible_actions(wanted)) {}

  Json take() {
    logs();
    metrics();
    tags();
    add("Stack", "cloudformation:", {in_place("cloudformation", "stack/${AWS::StackName}/*", "")});
    parameters();
    secrets();
    profiles();
    add("Locators", "servicediscovery:", {kAnything});
    return Json{{"Version", "2012-10-17"}, {"Statement", std::move(statements_)}};
  }

 private:
  // `in_stack` of the stack's region and account; `anywhere` "": everything of that service.
  Json in_place(std::string_view service, std::string_view in_stack,
                std::string_view anywhere) const {
    if (place_ == PolicyFor::kStack)
      return Json{{"Fn::Sub", "arn:${AWS::Partition}:" + std::string(service) +
                                  ":${AWS::Region}:${AWS::AccountId}:" + std::string(in_stack)}};
    if (anywhere.empty()) return Json(kAnything);
    return Json("arn:aws:" + std::string(service) + ":*:*:" + std::string(anywhere));
  }

  // All actions that begin so; no statement where there are none.
  void add(std::string_view id, std::string_view prefix, Json::Array resources) {
    Json allowed = Json::array();
    for (const std::string& action : actions_) {
      if (action.starts_with(prefix)) allowed.push_back(action);
    }
    if (allowed.size() == 0) return;
    Json resource = resources.size() == 1 ? resources.front() : Json(std::move(resources));
    statements_.push_back(Json{{"Sid", id},
                               {"Effect", "Allow"},
                               {"Action", std::move(allowed)},
                               {"Resource", std::move(resource)}});
  }

  void logs() {
    const std::string group = "log-group:/outrigger/" + facts_.name;
    const std::string anywhere = facts_.log_group_output.empty() ? group + "/*" : "log-group:*";
    Json::Array groups{in_place("logs", group + "/${Environment}", anywhere)};
    // Its streams.
    if (place_ == PolicyFor::kStack)
      groups.push_back(in_place("logs", group + "/${Environment}:*", {}));
    add("Logs", "logs:", std::move(groups));
  }
  void metrics() {
    if (!actions_.contains("cloudwatch:PutMetricData")) return;
    statements_.push_back(
        Json{{"Sid", "Metrics"},
             {"Effect", "Allow"},
             {"Action", "cloudwatch:PutMetricData"},
             {"Resource", kAnything},
             {"Condition", Json{{"StringEquals", Json{{"cloudwatch:namespace", facts_.name}}}}}});
  }
  // Neither action can be limited to resources.
  void tags() {
    add("InstanceTags", "ec2:", {kAnything});
    add("GroupTags", "autoscaling:", {kAnything});
  }
  void parameters() {
    Json::Array names;
    for (const discovery::WantedSetting& setting : wanted_.settings) {
      if (setting.parameter.empty()) continue;
      const std::string path = "parameter" +
                               std::string(setting.parameter.starts_with('/') ? "" : "/") +
                               setting.parameter;
      names.push_back(in_place("ssm", path, path));
    }
    add("Parameters", "ssm:", std::move(names));
  }
  // A secret's ARN has six characters more than its name.
  void secrets() {
    std::set<std::string> ids;
    for (const discovery::WantedSetting& setting : wanted_.settings) {
      if (!setting.secret_id.empty())
        ids.insert(setting.secret_id.substr(0, setting.secret_id.find('#')));
    }
    if (!wanted_.certificate_secret.empty()) ids.insert(wanted_.certificate_secret);
    Json::Array names;
    for (const std::string& id : ids) {
      const std::string name = "secret:" + id + "-*";
      names.push_back(id.starts_with("arn:") ? Json(id) : in_place("secretsmanager", name, name));
    }
    add("Secrets", "secretsmanager:", std::move(names));
  }

  // Nothing but its own folder, and no reading.
  void profiles() {
    const std::string folder = "/" + facts_.name + "/profiles/*";
    if (place_ == PolicyFor::kStack)
      return add("Profiles", "s3:",
                 {Json{{"Fn::Sub", "arn:${AWS::Partition}:s3:::${ProfilesBucket}" + folder}}});
    add("Profiles", "s3:", {Json("arn:aws:s3:::*" + folder)});
  }

  const Facts& facts_;
  const PolicyFor place_;
  const discovery::Wanted& wanted_;
  const std::set<std::string> actions_;
  Json statements_ = Json::array();
};

}  // namespace

Json service_policy(const Facts& facts, PolicyFor place) {
  const auto wanted = discovery::parse_wanted(facts.declarations);
  return Policy(facts, place, wanted ? *wanted : discovery::Wanted{}).take();
}

}  // namespace outrigger::delivery
