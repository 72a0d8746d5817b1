// What stack_text.h has, and what is particular to this service: its policy, its alarms, a picture of
// both.
#include "delivery/architecture.h"
#include "delivery/digest.h"
#include "delivery/fill_in.h"
#include "delivery/policy.h"
#include "delivery/stack_alarms.h"
#include "delivery/stack_text.h"
#include "delivery/template.h"
#include "delivery/user_data.h"

namespace outrigger::delivery {
namespace {

#if defined(__aarch64__)
constexpr const char* kEcsArchitecture = "ARM64";
constexpr const char* kInstanceType = "t4g.micro";
constexpr const char* kImage =
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64";
#else
constexpr const char* kEcsArchitecture = "X86_64";
constexpr const char* kInstanceType = "t3.micro";
constexpr const char* kImage =
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
#endif

std::string seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

// "prober: Probes HTTP URLs. Its ... cost about $4.50 a month."
std::string about(const Facts& facts) {
  std::string text = facts.name + (facts.about.empty() ? "" : ": " + facts.about);
  if (facts.bill.empty()) return text;
  if (!text.ends_with('.')) text += '.';
  return text + " " + facts.bill;
}

Words words_of(const Facts& facts, const TemplateWanted& wanted) {
  std::string tag = image_tag(facts.version);
  return {{"NAME", facts.name},
          {"ABOUT", about(facts)},
          {"VERSION", facts.version},
          {"SHA256", file_digest("/proc/self/exe")},
          {"ARCHITECTURE", kArchitecture},
          {"ECS_ARCHITECTURE", kEcsArchitecture},
          {"INSTANCE_TYPE", kInstanceType},
          {"IMAGE_PARAMETER", kImage},
          {"IMAGE", wanted.image},
          {"TAG", std::move(tag)},
          {"PORT", port_of(facts.listen)},
          {"ADMIN_PORT", port_of(facts.admin)},
          {"STOP_SECONDS", seconds(facts.stop_budget)},
          {"GRACE_SECONDS", seconds(facts.stop_budget + kStopMargin)},
          {"LOG_GROUP_OUTPUT",
           facts.log_group_output.empty() ? "LogGroupName" : facts.log_group_output},
          {"PROFILES_BUCKET_OUTPUT", facts.profiles_bucket_output}};
}

// One after the other, joined.
Result<Json> joined(const std::vector<std::string_view>& texts, const Words& words) {
  Json whole = Json::object();
  for (const std::string_view text : texts) {
    auto part = fill_in(text, words);
    if (!part) return part;
    if (whole.size() == 0) whole = std::move(*part);
    else join(whole, std::move(*part));
  }
  return whole;
}

// Sections and parameters that say nothing go.
void without(Json& of, std::string_view name) {
  Json kept = Json::object();
  for (const Json::Member& each : *of.as_object()) {
    if (each.name != name) kept[each.name] = each.value;
  }
  of = std::move(kept);
}

void set_policy(const Facts& facts, Json& role) {
  Json& policies = role["Properties"]["Policies"];
  Json::Array all = *policies.as_array();
  all.front()["PolicyDocument"] = service_policy(facts, PolicyFor::kStack);
  policies = Json(std::move(all));
}

}  // namespace

std::string image_tag(std::string_view version) {
  std::string tag(version);
  for (char& c : tag) c = c == '+' ? '-' : c;
  return tag;
}

Result<Json> stack_template(const Facts& facts, const TemplateWanted& wanted) {
  const bool has_port = !port_of(facts.listen).empty();
  std::vector<std::string_view> texts{kCommonText, kInstancesText};
  if (has_port) texts.push_back(kPortText);
  if (!facts.profiles_bucket_output.empty()) texts.push_back(kProfilesText);
  auto stack = joined(texts, words_of(facts, wanted));
  if (!stack) return stack;
  Json& resources = (*stack)["Resources"];
  set_policy(facts, resources["Role"]);
  resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"] =
      user_data_of_stack(facts, wanted.run_words);
  if (has_port) {
    resources["AutoScalingGroup"]["Properties"]["TargetGroupARNs"] =
        Json{{"Fn::If", Json::array({"HasLoadBalancer", Json::array({Json{{"Ref", "TargetGroup"}}}),
                                     Json{{"Ref", "AWS::NoValue"}}})}};
  } else {
    without((*stack)["Parameters"], "ServiceFrom");
    without(*stack, "Rules");
  }
  if (auto done = add_alarms(facts, *stack); !done) return done.error();
  return stack;
}

Result<Json> ecs_template(const Facts& facts, const TemplateWanted& wanted) {
  // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html: stopTimeout
  constexpr std::chrono::seconds kStopMax{120};
  if (facts.stop_budget + kStopMargin > kStopMax)
    return failed("the stop budget of " + seconds(facts.stop_budget) +
                  " s will not do: ECS waits for at most 120 s, 3 s of them for the margin");
  const bool has_port = !port_of(facts.listen).empty();
  std::vector<std::string_view> texts{kCommonText, kTasksText};
  if (has_port) texts.push_back(kTasksPortText);
  if (!facts.profiles_bucket_output.empty()) texts.push_back(kProfilesText);
  auto stack = joined(texts, words_of(facts, wanted));
  if (!stack) return stack;
  without(*stack, "Rules");
  if (!has_port) without((*stack)["Parameters"], "ServiceFrom");
  set_policy(facts, (*stack)["Resources"]["TaskRole"]);
  Json& definition = (*stack)["Resources"]["TaskDefinition"]["Properties"];
  Json::Array containers = *definition["ContainerDefinitions"].as_array();
  Json& container = containers.front();
  Json command = Json::array({"run", "--stack", Json{{"Ref", "AWS::StackName"}}});
  for (const std::string& word : wanted.run_words) command.push_back(word);
  container["Command"] = std::move(command);
  Json ports = Json::array();
  for (const std::string& port : {port_of(facts.listen), port_of(facts.admin)}) {
    if (!port.empty()) ports.push_back(Json{{"ContainerPort", std::stoi(port)}});
  }
  container["PortMappings"] = std::move(ports);
  definition["ContainerDefinitions"] = Json(std::move(containers));
  if (auto done = add_alarms(facts, *stack); !done) return done.error();
  return stack;
}

Result<std::vector<Json>> kubernetes_manifests(const Facts& facts, const TemplateWanted& wanted) {
  TemplateWanted named = wanted;
  if (named.image.empty()) named.image = facts.name + ":" + image_tag(facts.version);
  const Words words = words_of(facts, named);
  auto deployment = fill_in(kDeploymentText, words);
  if (!deployment) return deployment.error();
  Json& pod = (*deployment)["spec"]["template"]["spec"];
  Json::Array containers = *pod["containers"].as_array();
  Json arguments = Json::array({"run"});
  for (const std::string& word : wanted.run_words) arguments.push_back(word);
  containers.front()["args"] = std::move(arguments);
  std::vector<Json> all;
  if (const std::string port = port_of(facts.listen); !port.empty()) {
    containers.front()["ports"].push_back(
        Json{{"name", "http"}, {"containerPort", std::stoi(port)}});
    auto service = fill_in(kServiceText, words);
    if (!service) return service.error();
    all.push_back(std::move(*service));
  }
  pod["containers"] = Json(std::move(containers));
  all.insert(all.begin(), std::move(*deployment));
  return all;
}

}  // namespace outrigger::delivery
