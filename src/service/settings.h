// Which value each setting has here, and why.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "segment/settings_answer.h"
#include "service/environment.h"
#include "service/parts.h"

namespace outrigger::service {

struct ResolvedSetting {
  std::string name;
  std::string help;
  std::string_view type;
  std::string value;
  std::string from;  // "hard-coded for staging"; empty when no value was found
  bool secret = false;
  bool found = false;
  std::string wrong{};  // why the value cannot be taken
  std::vector<segment::SettingsAnswer::Candidate> shadowed{};
  std::vector<std::string> looked{};  // in vain, before it was found

  std::string shown() const { return secret && found ? "***" : value; }
};

// Without asking anybody: variables of the environment where a setting names one, then what is
// hard-coded. Puts the values into the service's handles. `variable` is getenv's manner.
std::vector<ResolvedSetting> resolve_settings(
    const std::vector<internal::SettingInfo>& settings, EnvironmentKind kind,
    const std::function<const char*(const char*)>& variable);

// From what discovery found. The same otherwise; a setting that the answer does not know is
// resolved without it.
std::vector<ResolvedSetting> resolve_settings(
    const std::vector<internal::SettingInfo>& settings, EnvironmentKind kind,
    const std::function<const char*(const char*)>& variable, const segment::SettingsAnswer& answer);

// One message for all that have no value or a wrong one, each with where it was looked for; empty
// when there is none.
std::string settings_at_fault(const std::vector<ResolvedSetting>& settings,
                              const Environment& environment);

// The same for /config, `config --json` and the declarations: secrets are masked.
Json settings_json(const std::vector<ResolvedSetting>& settings);
// And where they may come from, for discovery: what is hard-coded for a secret one stays here.
Json settings_json(const std::vector<ResolvedSetting>& settings,
                   const std::vector<internal::SettingInfo>& infos);

}  // namespace outrigger::service
