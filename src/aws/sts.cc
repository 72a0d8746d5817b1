#include "aws/sts.h"

#include "aws/query_call.h"

namespace outrigger::aws::sts {

Outcome<std::string> caller_account(Client& client, const http::Cancel* cancel) {
  const std::string body = query_body({Service::kSts, "GetCallerIdentity", "2011-06-15", {}});
  const auto answer = client.call(query_call(Service::kSts, body), cancel);
  if (!answer) return answer.failure();
  const auto xml = Xml::parse(answer->body);
  std::string account = xml ? xml->root().text("GetCallerIdentityResult/Account") : "";
  if (account.empty()) return not_understood("GetCallerIdentity");
  return account;
}

}  // namespace outrigger::aws::sts
