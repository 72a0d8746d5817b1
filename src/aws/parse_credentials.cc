#include "aws/credentials.h"
#include "aws/json_value.h"
#include "aws/time.h"

namespace outrigger::aws {
Outcome<Credentials> parse_credentials(std::string_view text, std::string_view from) {
  const auto fail = [&](std::string why) {
    return Failure{
        FailureKind::kNoCredentials, 200, {}, std::string(from) + ": " + std::move(why), false};
  };
  const auto parsed = json_object(text);
  if (!parsed) return fail("the answer is no JSON object");
  const auto& object = *parsed;
  const std::string code = text_in(object, "Code");
  if (!code.empty() && code != "Success") return fail(code + ": " + text_in(object, "Message"));
  Credentials found{text_in(object, "AccessKeyId"),
                    text_in(object, "SecretAccessKey"),
                    text_in(object, "Token"),
                    {}};
  if (found.access_key_id.empty() || found.secret_access_key.empty())
    return fail("the answer has no AccessKeyId or no SecretAccessKey");
  const std::string expires = text_in(object, "Expiration");
  if (!expires.empty()) {
    found.expires = parse_time(expires);
    if (!found.expires) return fail("the answer's Expiration \"" + expires + "\" is no time");
  }
  return found;
}

}  // namespace outrigger::aws
