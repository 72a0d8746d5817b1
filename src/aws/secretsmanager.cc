#include "aws/secretsmanager.h"

#include "aws/json_call.h"
#include "aws/json_value.h"

namespace outrigger::aws::secretsmanager {

Outcome<std::optional<std::string>> get_secret(Client& client, std::string_view id,
                                               const http::Cancel* cancel) {
  const std::string body = boost::json::serialize(boost::json::object{{"SecretId", json_view(id)}});
  const auto answer = client.call(
      json_call(Service::kSecretsManager, "secretsmanager.GetSecretValue", body), cancel);
  if (!answer) {
    if (answer.failure().is("ResourceNotFoundException")) return std::optional<std::string>();
    return answer.failure();
  }
  const auto object = json_object(answer->body);
  const auto* text = object ? object->if_contains("SecretString") : nullptr;
  if (text == nullptr || !text->is_string()) return not_understood("GetSecretValue");
  return std::optional<std::string>(std::string(text->get_string()));
}

}  // namespace outrigger::aws::secretsmanager
