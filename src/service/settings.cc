#include "service/settings.h"

#include <algorithm>

namespace outrigger::service {
namespace {

using internal::SettingInfo;
using Answered = segment::SettingsAnswer::Setting;

constexpr const char* kMask = "***";
constexpr std::string_view kHardCoded = "hard-coded";

const std::optional<std::string>& for_kind(const SettingInfo& setting, EnvironmentKind kind) {
  switch (kind) {
    case EnvironmentKind::kLocal: return setting.in_local;
    case EnvironmentKind::kStaging: return setting.in_staging;
    case EnvironmentKind::kProduction: break;
  }
  return setting.in_production;
}

ResolvedSetting blank(const SettingInfo& setting) {
  ResolvedSetting one;
  one.name = setting.name;
  one.help = setting.help;
  one.type = setting.type;
  one.secret = setting.secret;
  return one;
}

void give(const SettingInfo& setting, std::string value, std::string from, ResolvedSetting& one) {
  one.found = true;
  one.value = std::move(value);
  one.from = std::move(from);
  const Result<void> taken = setting.set(one.value);
  if (taken.ok()) return;
  // The parser's sentence holds the value.
  one.wrong =
      setting.secret ? "its value is no " + std::string(setting.type) : taken.error().message;
}

void give_hard_coded(const SettingInfo& setting, EnvironmentKind kind, ResolvedSetting& one) {
  const std::string for_this = "hard-coded for " + std::string(name_of(kind));
  if (const auto& value = for_kind(setting, kind)) {
    give(setting, *value, for_this, one);
  } else if (setting.otherwise) {
    give(setting, *setting.otherwise, "hard-coded default", one);
  } else {
    one.looked.push_back(for_this);
    one.looked.emplace_back("hard-coded default");
  }
}

void resolve_alone(const SettingInfo& setting, EnvironmentKind kind,
                   const std::function<const char*(const char*)>& variable, ResolvedSetting& one) {
  const std::string& name = setting.sources.variable;
  const char* text = name.empty() ? nullptr : variable(name.c_str());
  if (text != nullptr && *text != '\0') {
    give(setting, text, "environment variable " + name, one);
    return;
  }
  if (!name.empty()) one.looked.push_back("environment variable " + name);
  give_hard_coded(setting, kind, one);
}

}  // namespace

std::vector<ResolvedSetting> resolve_settings(
    const std::vector<SettingInfo>& settings, EnvironmentKind kind,
    const std::function<const char*(const char*)>& variable) {
  return resolve_settings(settings, kind, variable, {});
}

std::vector<ResolvedSetting> resolve_settings(
    const std::vector<SettingInfo>& settings, EnvironmentKind kind,
    const std::function<const char*(const char*)>& variable,
    const segment::SettingsAnswer& answer) {
  std::vector<ResolvedSetting> resolved;
  for (const SettingInfo& setting : settings) {
    ResolvedSetting& one = resolved.emplace_back(blank(setting));
    const auto found =
        std::find_if(answer.settings.begin(), answer.settings.end(),
                     [&](const Answered& each) { return each.name == setting.name; });
    if (found == answer.settings.end()) {
      resolve_alone(setting, kind, variable, one);
      continue;
    }
    one.looked = found->looked;
    one.shadowed = found->shadowed;
    if (!found->found) continue;
    if (found->from.starts_with(kHardCoded)) {
      give_hard_coded(setting, kind, one);  // a secret one did not travel
    } else {
      give(setting, found->value, found->from, one);
    }
  }
  return resolved;
}

std::string settings_at_fault(const std::vector<ResolvedSetting>& settings,
                              const Environment& environment) {
  std::string list;
  for (const ResolvedSetting& setting : settings) {
    if (setting.found && setting.wrong.empty()) continue;
    list += "\n  " + setting.name + ": ";
    if (setting.found) {
      list += setting.wrong + " (" + setting.from + ")";
      continue;
    }
    std::string places;
    for (const std::string& where : setting.looked) places += (places.empty() ? "" : ", ") + where;
    list += "not found; looked for: " + places;
  }
  if (list.empty()) return {};
  return "settings are missing or wrong in environment " + environment.name + " (" +
         std::string(name_of(environment.kind)) + ", " + environment.why + "):" + list;
}

namespace {

Json setting_json(const ResolvedSetting& setting) {
  Json shadowed = Json::array();
  for (const auto& each : setting.shadowed)
    shadowed.push_back(Json{{"value", setting.secret ? kMask : each.value}, {"from", each.from}});
  return Json{{"name", setting.name},
              {"value", setting.found ? Json(setting.shown()) : Json()},
              {"from", setting.found ? setting.from : "not found"},
              {"type", setting.type},
              {"help", setting.help},
              {"secret", setting.secret},
              {"shadowed", std::move(shadowed)}};
}

}  // namespace

Json settings_json(const std::vector<ResolvedSetting>& settings) {
  Json list = Json::array();
  for (const ResolvedSetting& setting : settings) list.push_back(setting_json(setting));
  return list;
}

Json settings_json(const std::vector<ResolvedSetting>& settings,
                   const std::vector<SettingInfo>& infos) {
  Json list = Json::array();
  for (const ResolvedSetting& setting : settings) {
    Json one = setting_json(setting);
    const auto info = std::find_if(infos.begin(), infos.end(), [&](const SettingInfo& each) {
      return each.name == setting.name;
    });
    if (info != infos.end()) {
      const auto text = [&](const std::optional<std::string>& value) {
        return value ? Json(info->secret ? kMask : *value) : Json();
      };
      one["sources"] = Json{{"parameter", info->sources.parameter},
                            {"secret_id", info->sources.secret_id},
                            {"variable", info->sources.variable},
                            {"cloud_map", info->sources.cloud_map},
                            {"refresh_ms", info->sources.refresh.count()},
                            {"consul", info->sources.consul},
                            {"srv", info->sources.srv}};
      one["hard_coded"] = Json{{"local", text(info->in_local)},
                               {"staging", text(info->in_staging)},
                               {"production", text(info->in_production)},
                               {"otherwise", text(info->otherwise)}};
    }
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace outrigger::service
