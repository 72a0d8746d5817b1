#include "service/environment.h"

#include <fcntl.h>
#include <stdlib.h>

#include <algorithm>

#include "base/fd.h"

namespace outrigger::service {
namespace {

constexpr std::string_view kStagingNames[] = {"staging", "dev",  "development", "qa",
                                              "uat",     "test", "testing",     "stg"};

// Each is set by what runs containers, never by a person's shell.
constexpr const char* kContainerVariables[] = {
    "KUBERNETES_SERVICE_HOST",
    "ECS_CONTAINER_METADATA_URI_V4",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_EXECUTION_ENV",
};

bool is_set(const Signs& signs, const char* variable) {
  const char* value = signs.variable(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

std::string_view name_of(EnvironmentKind kind) {
  switch (kind) {
    case EnvironmentKind::kLocal: return "local";
    case EnvironmentKind::kStaging: return "staging";
    case EnvironmentKind::kProduction: break;
  }
  return "production";
}

EnvironmentKind kind_of(std::string_view name) {
  std::string word(name.substr(0, name.find_first_of("-_")));
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (word == "local") return EnvironmentKind::kLocal;
  const bool staging = std::find(std::begin(kStagingNames), std::end(kStagingNames), word) !=
                       std::end(kStagingNames);
  return staging ? EnvironmentKind::kStaging : EnvironmentKind::kProduction;
}

Signs own_signs() {
  const base::Fd terminal(open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC));
  return {[](const char* variable) -> const char* { return getenv(variable); },
          static_cast<bool>(terminal)};
}

Environment find_environment(std::string_view given, const Signs& signs) {
  // Kubernetes alone may be anywhere.
  const bool in_aws =
      std::any_of(std::begin(kContainerVariables) + 1, std::end(kContainerVariables),
                  [&](const char* variable) { return is_set(signs, variable); });
  if (!given.empty()) return {std::string(given), kind_of(given), "named by --environment", in_aws};
  for (const char* variable : kContainerVariables) {
    if (is_set(signs, variable)) {
      return {"production", EnvironmentKind::kProduction, std::string(variable) + " is set",
              in_aws};
    }
  }
  // systemd sets it for services; but a desktop's terminal is itself started by systemd and hands
  // it on to every shell. A service has no controlling terminal.
  if (is_set(signs, "INVOCATION_ID") && !signs.has_terminal) {
    return {"production", EnvironmentKind::kProduction,
            "INVOCATION_ID is set: an init system started it", in_aws};
  }
  return {"local", EnvironmentKind::kLocal, "no sign of anything else", in_aws};
}

}  // namespace outrigger::service
