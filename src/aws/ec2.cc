#include "aws/ec2.h"

#include "aws/query_call.h"

namespace outrigger::aws::ec2 {
namespace {

constexpr std::string_view kVersion = "2016-11-15";

}  // namespace

Outcome<std::vector<std::pair<std::string, std::string>>> describe_tags(
    Client& client, std::string_view instance_id, const http::Cancel* cancel) {
  std::vector<std::pair<std::string, std::string>> tags;
  const Parameters asked = {{"Filter.1.Name", "resource-id"},
                            {"Filter.1.Value.1", std::string(instance_id)}};
  const auto done = each_page(client, {Service::kEc2, "DescribeTags", kVersion, asked}, cancel,
                              [&](Xml::Node answer) {
                                for (const Xml::Node item : answer.at("tagSet").all("item"))
                                  tags.emplace_back(item.text("key"), item.text("value"));
                                return answer.text("nextToken");
                              });
  if (!done) return done.failure();
  return tags;
}

}  // namespace outrigger::aws::ec2
