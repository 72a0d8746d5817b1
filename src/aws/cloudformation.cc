#include "aws/cloudformation.h"

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
