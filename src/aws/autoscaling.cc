#include "aws/autoscaling.h"

#include "aws/query_call.h"

namespace outrigger::aws::autoscaling {
namespace {

constexpr std::string_view kVersion = "2011-01-01";

}  // namespace

Outcome<std::vector<std::pair<std::string, std::string>>> describe_tags(
    Client& client, std::string_view group, const http::Cancel* cancel) {
  std::vector<std::pair<std::string, std::string>> tags;
  const Parameters asked = {{"Filters.member.1.Name", "auto-scaling-group"},
                            {"Filters.member.1.Values.member.1", std::string(group)}};
  const auto done = each_page(client, {Service::kAutoScaling, "DescribeTags", kVersion, asked},
                              cancel, [&](Xml::Node answer) {
                                const Xml::Node result = answer.at("DescribeTagsResult");
                                for (const Xml::Node tag : result.at("Tags").all("member"))
                                  tags.emplace_back(tag.text("Key"), tag.text("Value"));
                                return result.text("NextToken");
                              });
  if (!done) return done.failure();
  return tags;
}

}  // namespace outrigger::aws::autoscaling
