// Where the service runs: local, staging or production, by the contract's signs ("Local means").
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "outrigger/setting.h"

namespace outrigger::service {

struct Environment {
  std::string name;  // as given ("prod-eu"), or that of its kind
  EnvironmentKind kind = EnvironmentKind::kLocal;
  std::string why;      // "KUBERNETES_SERVICE_HOST is set"
  bool in_aws = false;  // by the variables that AWS sets in containers
};

std::string_view name_of(EnvironmentKind kind);

// prod, prd, live are production; dev, qa, uat, test, stg are staging; also in front of a dash or
// underscore
// ("dev-anna"). A name that says nothing is production: what is not known to be harmless is taken
// seriously.
EnvironmentKind kind_of(std::string_view name);

// What the environment of this process shows. Pure, so that every sign can be tested.
struct Signs {
  std::function<const char*(const char* variable)>
      variable;  // getenv's manner: nullptr when not set
  bool has_terminal = false;
};
Signs own_signs();

// `given`: from --environment or its variable; empty: go by the signs.
Environment find_environment(std::string_view given, const Signs& signs);

}  // namespace outrigger::service
