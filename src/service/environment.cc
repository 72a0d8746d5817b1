#include "service/environment.h"

#include <fcntl.h>
#include <stdlib.h>

#include <algorithm>
#include <iterator>

#include "base/fd.h"
#include "base/machine.h"

namespace outrigger::service {
namespace {

// Each is set by what runs containers, never by a person's shell.
constexpr const char* kContainerVariables[] = {
    "KUBERNETES_SERVICE_HOST",
    "ECS_CONTAINER_METADATA_URI_V4",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_EXECUTION_ENV",
    // Set by hand, to an emulation of the metadata: not by chance either.
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
};

bool is_set(const Signs& signs, const char* variable) {
  const char* value = signs.variable(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

Signs own_signs() {
  return {[](const char* variable) -> const char* { return getenv(variable); },
          [] {
            const base::Fd terminal(open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC));
            return static_cast<bool>(terminal);
          },
          base::machine_vendor};
}

Environment find_environment(std::string_view given, const Signs& signs) {
  const auto is_ec2 = [&] { return signs.vendor() == base::kAmazonEc2; };
  // Kubernetes alone may be anywhere.
  const auto in_aws = [&] {
    return std::any_of(std::begin(kContainerVariables) + 1, std::end(kContainerVariables),
                       [&](const char* variable) { return is_set(signs, variable); }) ||
           is_ec2();
  };
  if (!given.empty()) {
    const EnvironmentKind kind = kind_of(given);
    return {std::string(given), kind, "named by --environment",
            kind != EnvironmentKind::kLocal && in_aws(), true};
  }
  const auto production = [&](std::string why) {
    return Environment{"production", EnvironmentKind::kProduction, std::move(why), in_aws()};
  };
  for (const char* variable : kContainerVariables) {
    if (is_set(signs, variable)) return production(std::string(variable) + " is set");
  }
  // systemd sets it for services; but a desktop's terminal is itself started by systemd and hands
  // it on to every shell. A service has no controlling terminal.
  if (is_set(signs, "INVOCATION_ID") && !signs.has_terminal())
    return production("INVOCATION_ID is set: an init system started it");
  if (is_ec2()) return production("the machine is an EC2 instance");
  return {"local", EnvironmentKind::kLocal, "no sign of anything else"};
}

}  // namespace outrigger::service
