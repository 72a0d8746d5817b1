#include "aws/query_call.h"

namespace outrigger::aws {

std::string query_body(const Query& query) {
  std::string body = "Action=";
  body.append(query.action).append("&Version=").append(query.version);
  for (const auto& [name, value] : query.parameters)
    body.append("&").append(percent_encode(name)).append("=").append(percent_encode(value));
  return body;
}

Call query_call(Service service, std::string_view body) {
  Call call;
  call.service = service;
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  call.body = body;
  return call;
}

Outcome<Done> each_page(Client& client, const Query& query, const http::Cancel* cancel,
                        const std::function<std::string(Xml::Node answer)>& take) {
  std::string next;
  for (int page = 0; page < kPagesMax; ++page) {
    std::string body = query_body(query);
    if (!next.empty()) body.append("&NextToken=").append(percent_encode(next));
    const auto answer = client.call(query_call(query.service, body), cancel);
    if (!answer) return answer.failure();
    const auto xml = Xml::parse(answer->body);
    if (!xml) return not_understood(query.action);
    std::string following = take(xml->root());
    if (following.empty() || following == next) break;
    next = std::move(following);
  }
  return Done{};
}

}  // namespace outrigger::aws
