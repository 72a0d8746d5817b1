#include "service/settings.h"

#include <optional>

namespace outrigger::service {
namespace {

using internal::SettingInfo;

const std::optional<std::string>& for_kind(const SettingInfo& setting, EnvironmentKind kind) {
  switch (kind) {
    case EnvironmentKind::kLocal: return setting.in_local;
    case EnvironmentKind::kStaging: return setting.in_staging;
    case EnvironmentKind::kProduction: break;
  }
  return setting.in_production;
}

}  // namespace

std::vector<ResolvedSetting> resolve_settings(const std::vector<SettingInfo>& settings,
                                              EnvironmentKind kind) {
  std::vector<ResolvedSetting> resolved;
  for (const SettingInfo& setting : settings) {
    ResolvedSetting& one = resolved.emplace_back();
    one.name = setting.name;
    one.help = setting.help;
    one.type = setting.type;
    one.secret = setting.secret;
    if (const auto& value = for_kind(setting, kind)) {
      one.value = *value;
      one.from = "hard-coded for " + std::string(name_of(kind));
    } else if (setting.otherwise) {
      one.value = *setting.otherwise;
      one.from = "hard-coded default";
    } else {
      continue;
    }
    // Text that was made from a value of the type: it is always taken.
    one.found = setting.set(one.value).ok();
  }
  return resolved;
}

std::string missing_settings(const std::vector<ResolvedSetting>& settings,
                             const Environment& environment) {
  std::string names;
  for (const ResolvedSetting& setting : settings) {
    if (!setting.found) names += (names.empty() ? "" : ", ") + setting.name;
  }
  if (names.empty()) return {};
  return "no value for " + names + " in environment " + environment.name + " (" +
         std::string(name_of(environment.kind)) + "): looked for one hard-coded for " +
         std::string(name_of(environment.kind)) + " and for a default";
}

Json settings_json(const std::vector<ResolvedSetting>& settings) {
  Json list = Json::array();
  for (const ResolvedSetting& setting : settings) {
    list.push_back(Json{{"name", setting.name},
                        {"value", setting.found ? Json(setting.shown()) : Json()},
                        {"from", setting.found ? setting.from : "not found"},
                        {"type", setting.type},
                        {"help", setting.help},
                        {"secret", setting.secret}});
  }
  return list;
}

}  // namespace outrigger::service
