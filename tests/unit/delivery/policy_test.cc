// The policy's resources are those that the code names in its calls, and no others. Which resource a
// call is about: https://docs.aws.amazon.com/service-authorization/latest/reference/.
#include "delivery/policy.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <set>

#include "discovery/log_place.h"
#include "facts.h"

namespace outrigger::delivery {
namespace {

constexpr const char* kDeclarations = R"({"service": "prober", "environment": "production",
  "ships_logs": true, "posts_metrics": true, "settings": [
  {"name": "Limit", "sources": {"parameter": "/prober/limit"}},
  {"name": "Plain", "sources": {"parameter": "plain"}},
  {"name": "Password", "sources": {"secret_id": "prober/db#password"}},
  {"name": "Stock", "sources": {"cloud_map": "shop/stock"}}]})";

Facts facts() {
  Facts facts = prober_facts();
  facts.declarations = kDeclarations;
  return facts;
}

// As CloudFormation does it for the stack "probers".
std::string filled(std::string text) {
  const std::pair<const char*, const char*> words[] = {{"${AWS::Partition}", "aws"},
                                                       {"${AWS::Region}", "eu-west-1"},
                                                       {"${AWS::AccountId}", "123456789012"},
                                                       {"${AWS::StackName}", "probers"},
                                                       {"${Environment}", "qa"}};
  for (const auto& [word, value] : words) {
    for (size_t at; (at = text.find(word)) != std::string::npos;)
      text.replace(at, std::string_view(word).size(), value);
  }
  EXPECT_EQ(text.find("${"), std::string::npos) << text;
  return text;
}

std::vector<Json> list_of(const Json& value) {
  if (value.as_array() != nullptr) return *value.as_array();
  return {value};
}

std::string text_of(const Json& resource) {
  if (const Json* sub = resource.find("Fn::Sub"); sub != nullptr) return filled(*sub->as_string());
  return *resource.as_string();
}

bool allows(const Json& policy, const std::string& action, const std::string& resource) {
  for (const Json& statement : *policy.find("Statement")->as_array()) {
    for (const Json& each : list_of(*statement.find("Action"))) {
      if (*each.as_string() != action) continue;
      for (const Json& pattern : list_of(*statement.find("Resource"))) {
        if (fnmatch(text_of(pattern).c_str(), resource.c_str(), 0) == 0) return true;
      }
    }
  }
  return false;
}

std::string arn(const std::string& service, const std::string& rest,
                const std::string& region = "eu-west-1") {
  return "arn:aws:" + service + ":" + region + ":123456789012:" + rest;
}

struct Asked {
  const char* action;
  std::string resource;
};

std::vector<Asked> what_the_code_asks() {
  const auto place = discovery::log_place(
      {.service = "prober", .environment = "qa", .instance = "i-0123", .part = "boot"}, nullptr);
  const std::string group = arn("logs", "log-group:" + place.group);
  const std::string stream = group + ":log-stream:" + place.stream;
  return {{"logs:CreateLogGroup", group},
          {"logs:PutRetentionPolicy", group},
          {"logs:CreateLogStream", group},
          {"logs:CreateLogStream", group + ":*"},
          {"logs:PutLogEvents", stream},
          {"cloudwatch:PutMetricData", "*"},
          {"ec2:DescribeTags", "*"},
          {"autoscaling:DescribeTags", "*"},
          {"cloudformation:DescribeStacks", arn("cloudformation", "stack/probers/0123-4567")},
          {"ssm:GetParameters", arn("ssm", "parameter/prober/limit")},
          {"ssm:GetParameters", arn("ssm", "parameter/plain")},
          {"secretsmanager:GetSecretValue", arn("secretsmanager", "secret:prober/db-AbCdEf")},
          {"servicediscovery:DiscoverInstances", "*"}};
}

TEST(Policy, allows_each_call_on_what_the_code_names) {
  for (const PolicyFor place : {PolicyFor::kStack, PolicyFor::kAnywhere}) {
    const Json policy = service_policy(facts(), place);
    for (const auto& [action, resource] : what_the_code_asks())
      EXPECT_TRUE(allows(policy, action, resource)) << action << " on " << resource;
  }
}

TEST(Policy, has_no_action_that_is_not_asked) {
  std::set<std::string> asked, allowed;
  for (const auto& each : what_the_code_asks()) asked.insert(each.action);
  const Json policy = service_policy(facts(), PolicyFor::kStack);
  for (const Json& statement : *policy.find("Statement")->as_array()) {
    for (const Json& each : list_of(*statement.find("Action"))) allowed.insert(*each.as_string());
  }
  EXPECT_EQ(allowed, asked);
}

TEST(Policy, does_not_allow_it_on_what_is_others) {
  const Json in_stack = service_policy(facts(), PolicyFor::kStack);
  const Json anywhere = service_policy(facts(), PolicyFor::kAnywhere);
  const Asked others[] = {
      {"logs:PutLogEvents", arn("logs", "log-group:/outrigger/other/qa:log-stream:x")},
      {"logs:CreateLogGroup", arn("logs", "log-group:/outrigger/prober-too/qa")},
      {"ssm:GetParameters", arn("ssm", "parameter/prober/limits")},
      {"secretsmanager:GetSecretValue", arn("secretsmanager", "secret:other/db-AbCdEf")}};
  for (const auto& [action, resource] : others) {
    EXPECT_FALSE(allows(in_stack, action, resource)) << action << " on " << resource;
    EXPECT_FALSE(allows(anywhere, action, resource)) << action << " on " << resource;
  }
  // Of the stack alone: its environment, its account's region, its own name.
  const Asked elsewhere[] = {
      {"logs:PutLogEvents", arn("logs", "log-group:/outrigger/prober/production:log-stream:x")},
      {"logs:CreateLogGroup", arn("logs", "log-group:/outrigger/prober/qa-2")},
      {"ssm:GetParameters", arn("ssm", "parameter/prober/limit", "eu-west-2")},
      {"cloudformation:DescribeStacks", arn("cloudformation", "stack/probers-2/0123")}};
  for (const auto& [action, resource] : elsewhere)
    EXPECT_FALSE(allows(in_stack, action, resource)) << action << " on " << resource;
}

TEST(Policy, metrics_are_of_its_own_namespace) {
  const Json policy = service_policy(facts(), PolicyFor::kStack);
  for (const Json& statement : *policy.find("Statement")->as_array()) {
    if (statement.find("Action")->as_string() == nullptr) continue;
    EXPECT_EQ(*statement.find("Condition"),
              (Json{{"StringEquals", Json{{"cloudwatch:namespace", "prober"}}}}));
    return;
  }
  FAIL() << policy.pretty();
}

TEST(Policy, of_a_service_that_ships_nothing_reads_alone) {
  Facts quiet = facts();
  quiet.declarations = R"({"service": "prober", "settings": []})";
  std::set<std::string> ids;
  const Json policy = service_policy(quiet, PolicyFor::kStack);
  for (const Json& statement : *policy.find("Statement")->as_array())
    ids.insert(*statement.find("Sid")->as_string());
  EXPECT_EQ(ids, (std::set<std::string>{"InstanceTags", "GroupTags", "Stack"}));
}

}  // namespace
}  // namespace outrigger::delivery
