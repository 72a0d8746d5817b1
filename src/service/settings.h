// Which value each setting has here, and why.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

  std::string shown() const { return secret && found ? "***" : value; }
};

// Finds all of them and puts their values into the service's handles.
std::vector<ResolvedSetting> resolve_settings(const std::vector<internal::SettingInfo>& settings,
                                              EnvironmentKind kind);

// One sentence for all that have no value; empty when there is none.
std::string missing_settings(const std::vector<ResolvedSetting>& settings,
                             const Environment& environment);

// The same for /config, `config --json` and the declarations: secrets are masked.
Json settings_json(const std::vector<ResolvedSetting>& settings);

}  // namespace outrigger::service
