#include "aws/ssm.h"

#include <algorithm>

#include "aws/json_call.h"
#include "aws/json_value.h"

namespace outrigger::aws::ssm {

Outcome<std::map<std::string, std::string>> get_parameters(Client& client,
                                                           const std::vector<std::string>& names,
                                                           const http::Cancel* cancel) {
  std::map<std::string, std::string> found;
  for (size_t begin = 0; begin < names.size(); begin += kNamesMax) {
    boost::json::array asked;
    for (size_t i = begin; i < std::min(names.size(), begin + kNamesMax); ++i)
      asked.emplace_back(json_view(names[i]));
    const std::string body = boost::json::serialize(
        boost::json::object{{"Names", std::move(asked)}, {"WithDecryption", true}});
    const auto answer =
        client.call(json_call(Service::kSsm, "AmazonSSM.GetParameters", body), cancel);
    if (!answer) return answer.failure();
    const auto object = json_object(answer->body);
    const auto* list = object ? array_in(*object, "Parameters") : nullptr;
    if (list == nullptr) return not_understood("GetParameters");
    for (const auto& each : *list) {
      if (const auto* one = each.if_object()) found[text_in(*one, "Name")] = text_in(*one, "Value");
    }
  }
  return found;
}

}  // namespace outrigger::aws::ssm
