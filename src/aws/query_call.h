// Calls of the services that take a form and answer in XML: EC2, Auto Scaling, CloudFormation, STS.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/client.h"
#include "aws/xml.h"

namespace outrigger::aws {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Query {
  Service service;
  std::string_view action;
  std::string_view version;
  const Parameters& parameters;
};

std::string query_body(const Query& query);
Call query_call(Service service, std::string_view body);

// Asks for one page after another. `take` is given each answer's root and returns its NextToken,
// "" at the last one. At most kPagesMax pages.
inline constexpr int kPagesMax = 100;
Outcome<Done> each_page(Client& client, const Query& query, const http::Cancel* cancel,
                        const std::function<std::string(Xml::Node answer)>& take);

}  // namespace outrigger::aws
