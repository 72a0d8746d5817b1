#include "discovery/wanted.h"

#include <algorithm>

#include "aws/json_value.h"

namespace outrigger::discovery {
namespace {

using aws::text_in;

constexpr size_t kSettingsMax = 1'000;
constexpr int64_t kRefreshMsMax = 86'400'000;

std::optional<std::string> optional_in(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

WantedSetting setting_of(const boost::json::object& object) {
  WantedSetting setting;
  setting.name = text_in(object, "name");
  const auto* secret = object.if_contains("secret");
  setting.secret = secret != nullptr && secret->is_bool() && secret->get_bool();
  if (const auto* sources = aws::object_in(object, "sources")) {
    setting.parameter = text_in(*sources, "parameter");
    setting.secret_id = text_in(*sources, "secret_id");
    setting.variable = text_in(*sources, "variable");
    setting.cloud_map = text_in(*sources, "cloud_map");
    setting.consul = text_in(*sources, "consul");
    setting.srv = text_in(*sources, "srv");
    const int64_t refresh_ms = aws::number_in(*sources, "refresh_ms").value_or(0);
    if (refresh_ms > 0) setting.refresh_ms = std::clamp<int64_t>(refresh_ms, 100, kRefreshMsMax);
  }
  if (const auto* hard_coded = aws::object_in(object, "hard_coded")) {
    setting.hard_coded = {optional_in(*hard_coded, "local"), optional_in(*hard_coded, "staging"),
                          optional_in(*hard_coded, "production"),
                          optional_in(*hard_coded, "otherwise")};
  }
  return setting;
}

}  // namespace

std::optional<Wanted> parse_wanted(std::string_view declarations) {
  const auto object = aws::json_object(declarations);
  if (!object) return std::nullopt;
  Wanted wanted;
  wanted.service = text_in(*object, "service");
  wanted.environment = text_in(*object, "environment");
  wanted.environment_why = text_in(*object, "environment_why");
  const auto flag = [&](const char* name) {
    const auto* value = object->if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
  };
  wanted.stack = text_in(*object, "stack");
  wanted.ships_logs = flag("ships_logs");
  wanted.posts_metrics = flag("posts_metrics");
  wanted.log_group_output = text_in(*object, "log_group_output");
  wanted.profiles_bucket_output = text_in(*object, "profiles_bucket_output");
  wanted.certificate_secret = text_in(*object, "admin_certificate");
  if (wanted.certificate_secret == "self-signed") wanted.certificate_secret.clear();
  wanted.environment_given = flag("environment_given");
  if (const auto* list = aws::array_in(*object, "settings")) {
    for (const auto& each : *list) {
      if (each.is_object() && wanted.settings.size() < kSettingsMax)
        wanted.settings.push_back(setting_of(each.get_object()));
    }
  }
  return wanted;
}

std::set<std::string> shipping_actions(const Wanted& wanted) {
  std::set<std::string> actions;
  if (wanted.ships_logs)
    actions = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents",
               "logs:PutRetentionPolicy"};
  if (wanted.posts_metrics) actions.insert("cloudwatch:PutMetricData");
  return actions;
}

std::set<std::string> possible_actions(const Wanted& wanted) {
  std::set<std::string> actions = shipping_actions(wanted);
  actions.insert({"autoscaling:DescribeTags", "cloudformation:DescribeStacks", "ec2:DescribeTags"});
  if (!wanted.profiles_bucket_output.empty()) actions.insert("s3:PutObject");
  if (!wanted.certificate_secret.empty()) actions.insert("secretsmanager:GetSecretValue");
  for (const WantedSetting& setting : wanted.settings) {
    if (!setting.parameter.empty()) actions.insert("ssm:GetParameters");
    if (!setting.secret_id.empty()) actions.insert("secretsmanager:GetSecretValue");
    if (!setting.cloud_map.empty()) actions.insert("servicediscovery:DiscoverInstances");
  }
  return actions;
}

}  // namespace outrigger::discovery
