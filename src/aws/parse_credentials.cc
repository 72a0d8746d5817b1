#include <boost/json.hpp>

#include "aws/credentials.h"
#include "aws/time.h"

namespace outrigger::aws {
namespace {

namespace json = boost::json;

std::string text_in(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Outcome<Credentials> parse_credentials(std::string_view text, std::string_view from) {
  const auto fail = [&](std::string why) {
    return Failure{
        FailureKind::kNoCredentials, 200, {}, std::string(from) + ": " + std::move(why), false};
  };
  json::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) return fail("the answer is no JSON object");
  const json::object& object = parsed.get_object();
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
