// What the name of an environment says of its kind. Pure functions.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "outrigger/setting.h"

namespace outrigger::base {

inline std::string_view name_of(EnvironmentKind kind) {
  switch (kind) {
    case EnvironmentKind::kLocal: return "local";
    case EnvironmentKind::kStaging: return "staging";
    case EnvironmentKind::kProduction: break;
  }
  return "production";
}

// prod, prd, live are production; dev, qa, uat, test, stg are staging; also in front of a dash or
// underscore ("dev-anna"). A name that says nothing is production: what is not known to be harmless
// is taken seriously.
inline EnvironmentKind kind_of(std::string_view name) {
  constexpr std::string_view kStagingNames[] = {"staging", "dev",  "development", "qa",
                                                "uat",     "test", "testing",     "stg"};
  std::string word(name.substr(0, name.find_first_of("-_")));
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (word == "local") return EnvironmentKind::kLocal;
  const bool staging = std::find(std::begin(kStagingNames), std::end(kStagingNames), word) !=
                       std::end(kStagingNames);
  return staging ? EnvironmentKind::kStaging : EnvironmentKind::kProduction;
}

}  // namespace outrigger::base
