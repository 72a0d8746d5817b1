// Where the service runs: local, staging or production, by the contract's signs ("Local means").
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/environment_kind.h"
#include "outrigger/setting.h"

namespace outrigger::service {

struct Environment {
  std::string name;  // as given ("prod-eu"), or that of its kind
  EnvironmentKind kind = EnvironmentKind::kLocal;
  std::string why;      // "KUBERNETES_SERVICE_HOST is set"
  bool in_aws = false;  // by the variables that AWS sets in containers, or the machine's firmware
  bool given = false;   // by --environment: nothing that is found overrules it
};

using base::kind_of;
using base::name_of;

// What the environment of this process shows. Pure, so that every sign can be tested.
struct Signs {
  std::function<const char*(const char* variable)>
      variable;  // getenv's manner: nullptr when not set
  // Asked only where nothing before decides: a start reads no file in vain.
  std::function<bool()> has_terminal;
  std::function<std::string()> vendor;  // base::machine_vendor()
};
Signs own_signs();

// `given`: from --environment or its variable; empty: go by the signs.
Environment find_environment(std::string_view given, const Signs& signs);

}  // namespace outrigger::service
