#include "service/environment.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace outrigger::service {
namespace {

Signs signs(std::map<std::string, std::string> variables, bool has_terminal = false,
            const char* vendor = "") {
  return {[variables = std::move(variables)](const char* name) -> const char* {
            const auto found = variables.find(name);
            return found == variables.end() ? nullptr : found->second.c_str();
          },
          [=] { return has_terminal; }, [=] { return std::string(vendor); }};
}

TEST(EnvironmentTest, without_a_sign_it_is_local) {
  const Environment found = find_environment("", signs({}));
  EXPECT_EQ(found.kind, EnvironmentKind::kLocal);
  EXPECT_EQ(found.name, "local");
  EXPECT_EQ(found.why, "no sign of anything else");
}

TEST(EnvironmentTest, each_sign_of_a_container_is_production) {
  for (const char* variable :
       {"KUBERNETES_SERVICE_HOST", "ECS_CONTAINER_METADATA_URI_V4",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_EXECUTION_ENV"}) {
    const Environment found = find_environment("", signs({{variable, "x"}}, true));
    EXPECT_EQ(found.kind, EnvironmentKind::kProduction) << variable;
    EXPECT_EQ(found.why, std::string(variable) + " is set");
    EXPECT_EQ(find_environment("", signs({{variable, ""}})).kind, EnvironmentKind::kLocal)
        << "set to nothing";
  }
}

TEST(EnvironmentTest, an_init_system_is_production_but_a_desktops_terminal_is_not) {
  EXPECT_EQ(find_environment("", signs({{"INVOCATION_ID", "0f"}}, false)).kind,
            EnvironmentKind::kProduction);
  EXPECT_EQ(find_environment("", signs({{"INVOCATION_ID", "0f"}}, true)).kind,
            EnvironmentKind::kLocal);
}

TEST(EnvironmentTest, the_name_given_goes_before_every_sign_and_is_kept) {
  const Environment found =
      find_environment("dev-anna", signs({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}));
  EXPECT_EQ(found.kind, EnvironmentKind::kStaging);
  EXPECT_EQ(found.name, "dev-anna");
}

TEST(EnvironmentTest, an_instance_of_ec2_is_production_and_logs_to_cloudwatch) {
  const Environment found = find_environment("", signs({}, true, "Amazon EC2"));
  EXPECT_EQ(found.kind, EnvironmentKind::kProduction);
  EXPECT_EQ(found.why, "the machine is an EC2 instance");
  EXPECT_TRUE(found.in_aws);
  EXPECT_TRUE(find_environment("staging", signs({}, true, "Amazon EC2")).in_aws);
  EXPECT_EQ(find_environment("", signs({}, true, "QEMU")).kind, EnvironmentKind::kLocal);
  const std::map<std::string, std::string> pod = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}};
  EXPECT_FALSE(find_environment("", signs(pod)).in_aws) << "a pod may be anywhere";
  EXPECT_TRUE(find_environment("", signs(pod, false, "Amazon EC2")).in_aws);
}

TEST(EnvironmentTest, kinds_by_name) {
  for (const char* name :
       {"prod", "prd", "live", "production", "PROD", "prod-eu", "blue", "localhost"}) {
    EXPECT_EQ(kind_of(name), EnvironmentKind::kProduction) << name;
  }
  for (const char* name : {"dev", "qa", "uat", "test", "stg", "staging", "Staging", "qa_2"}) {
    EXPECT_EQ(kind_of(name), EnvironmentKind::kStaging) << name;
  }
  EXPECT_EQ(kind_of("local"), EnvironmentKind::kLocal);
}

}  // namespace
}  // namespace outrigger::service
