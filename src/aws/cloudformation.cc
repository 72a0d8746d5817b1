#include "aws/cloudformation.h"

#include <algorithm>

#include "aws/query_call.h"

namespace outrigger::aws::cloudformation {
namespace {

constexpr std::string_view kVersion = "2010-05-15";

}  // namespace

Outcome<std::vector<std::pair<std::string, std::string>>> stack_outputs(
    Client& client, std::string_view stack, const http::Cancel* cancel) {
  std::vector<std::pair<std::string, std::string>> outputs;
  const Parameters asked = {{"StackName", std::string(stack)}};
  const auto done =
      each_page(client, {Service::kCloudFormation, "DescribeStacks", kVersion, asked}, cancel,
                [&](Xml::Node answer) {
                  const Xml::Node result = answer.at("DescribeStacksResult");
                  for (const Xml::Node one : result.at("Stacks").all("member")) {
                    for (const Xml::Node output : one.at("Outputs").all("member"))
                      outputs.emplace_back(output.text("OutputKey"), output.text("OutputValue"));
                  }
                  return result.text("NextToken");
                });
  if (!done) return done.failure();
  return outputs;
}

Outcome<Stack> describe_stack(Client& client, std::string_view stack, const http::Cancel* cancel) {
  const std::string body = query_body(
      {Service::kCloudFormation, "DescribeStacks", kVersion, {{"StackName", std::string(stack)}}});
  const auto answer = client.call(query_call(Service::kCloudFormation, body), cancel);
  if (!answer) return answer.failure();
  const auto xml = Xml::parse(answer->body);
  const Xml::Node one = xml ? xml->root().at("DescribeStacksResult/Stacks/member") : Xml::Node();
  if (!one) return not_understood("DescribeStacks");
  Stack found{one.text("StackStatus"), one.text("StackStatusReason"), {}};
  for (const Xml::Node each : one.at("Parameters").all("member"))
    found.parameters.push_back(each.text("ParameterKey"));
  return found;
}

Outcome<bool> update_stack(Client& client, std::string_view stack, const Stack& is,
                           const std::vector<std::pair<std::string, std::string>>& changes,
                           const http::Cancel* cancel) {
  Parameters asked = {{"StackName", std::string(stack)},
                      {"UsePreviousTemplate", "true"},
                      {"Capabilities.member.1", "CAPABILITY_IAM"},
                      {"Capabilities.member.2", "CAPABILITY_NAMED_IAM"}};
  for (size_t i = 0; i < is.parameters.size(); ++i) {
    const std::string member = "Parameters.member." + std::to_string(i + 1) + ".";
    asked.emplace_back(member + "ParameterKey", is.parameters[i]);
    const auto change = std::find_if(changes.begin(), changes.end(), [&](const auto& each) {
      return each.first == is.parameters[i];
    });
    if (change == changes.end()) asked.emplace_back(member + "UsePreviousValue", "true");
    else asked.emplace_back(member + "ParameterValue", change->second);
  }
  const std::string body = query_body({Service::kCloudFormation, "UpdateStack", kVersion, asked});
  const auto answer = client.call(query_call(Service::kCloudFormation, body), cancel);
  if (answer) return true;
  // The code is that of every wrong call; the text alone says it.
  if (answer.failure().message.find("No updates are to be performed") != std::string::npos)
    return false;
  return answer.failure();
}

Outcome<std::vector<StackEvent>> stack_events(Client& client, std::string_view stack,
                                              const http::Cancel* cancel) {
  const std::string body = query_body({Service::kCloudFormation,
                                       "DescribeStackEvents",
                                       kVersion,
                                       {{"StackName", std::string(stack)}}});
  const auto answer = client.call(query_call(Service::kCloudFormation, body), cancel);
  if (!answer) return answer.failure();
  const auto xml = Xml::parse(answer->body);
  if (!xml) return not_understood("DescribeStackEvents");
  std::vector<StackEvent> events;
  for (const Xml::Node each : xml->root().at("DescribeStackEventsResult/StackEvents").all("member"))
    events.push_back({each.text("EventId"), each.text("LogicalResourceId"),
                      each.text("ResourceStatus"), each.text("ResourceStatusReason")});
  return events;
}

Outcome<Done> signal_resource(Client& client, const SignalOptions& options,
                              const http::Cancel* cancel) {
  const Parameters asked = {{"StackName", options.stack},
                            {"LogicalResourceId", options.resource},
                            {"UniqueId", options.unique_id},
                            {"Status", options.status == Signal::kSuccess ? "SUCCESS" : "FAILURE"}};
  const std::string body =
      query_body({Service::kCloudFormation, "SignalResource", kVersion, asked});
  const auto answer = client.call(query_call(Service::kCloudFormation, body), cancel);
  if (!answer) return answer.failure();
  return Done{};
}

}  // namespace outrigger::aws::cloudformation
