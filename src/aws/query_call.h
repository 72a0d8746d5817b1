// Calls of the services that take a form and answer in XML: EC2, Auto Scaling, CloudFormation, STS.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/client.h"

namespace outrigger::aws {

using Parameters = std::vector<std::pair<std::string, std::string>>;

inline std::string query_body(std::string_view action, std::string_view version,
                              const Parameters& parameters) {
  std::string body = "Action=";
  body.append(action).append("&Version=").append(version);
  for (const auto& [name, value] : parameters)
    body.append("&").append(percent_encode(name)).append("=").append(percent_encode(value));
  return body;
}

inline Call query_call(Service service, std::string_view body) {
  Call call;
  call.service = service;
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  call.body = body;
  return call;
}

}  // namespace outrigger::aws
