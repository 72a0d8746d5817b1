#include "service/settled.h"

#include "ops/ops.h"
#include "service/declarations.h"

namespace outrigger::service {

Settled settle(const internal::ServiceParts& parts, const RunOptions& options) {
  Settled settled;
  const Signs signs = own_signs();
  settled.environment = find_environment(options.environment, signs);
  settled.settings = resolve_settings(parts.settings, settled.environment.kind, signs.variable);
  const ops::Table* door =
      settled.environment.kind == EnvironmentKind::kLocal ? nullptr : ops::table();
  if (door == nullptr) return settled;
  const Json declarations =
      declarations_json({parts, options, settled.environment, settled.settings, Manner::kCommand});
  const Result<std::string> bytes = door->discover(declarations.dump(), parts.options.start_budget);
  auto answer = bytes.ok() ? segment::decode(*bytes) : std::nullopt;
  if (!answer) return settled;
  settled.answer = std::move(*answer);
  if (!settled.answer.environment.empty()) {
    settled.environment = {settled.answer.environment, kind_of(settled.answer.environment),
                           settled.answer.why, settled.environment.given};
  }
  settled.settings =
      resolve_settings(parts.settings, settled.environment.kind, signs.variable, settled.answer);
  return settled;
}

std::string config_text(const Settled& settled) {
  const Environment& environment = settled.environment;
  std::string text = "environment: " + environment.name;
  if (environment.name != name_of(environment.kind))
    text += ", kind " + std::string(name_of(environment.kind));
  text += " (" + environment.why + ")\n";
  for (const auto& [key, value] : settled.answer.place) text += key + ": " + value + "\n";
  for (const ResolvedSetting& setting : settled.settings) {
    text += setting.name + ": ";
    text += setting.found ? setting.shown() + " (" + setting.from + ")\n" : "not found\n";
    for (const auto& shadowed : setting.shadowed)
      text +=
          "  shadows " + (setting.secret ? "***" : shadowed.value) + " (" + shadowed.from + ")\n";
  }
  for (const std::string& note : settled.answer.notes) text += "note: " + note + "\n";
  return text;
}

std::string config_json(const Settled& settled) {
  Json place = Json::object(), notes = Json::array(), actions = Json::array();
  for (const auto& [key, value] : settled.answer.place) place[key] = value;
  for (const std::string& note : settled.answer.notes) notes.push_back(note);
  for (const std::string& action : settled.answer.actions) actions.push_back(action);
  return Json{{"environment", settled.environment.name},
              {"kind", name_of(settled.environment.kind)},
              {"environment_why", settled.environment.why},
              {"place", std::move(place)},
              {"settings", settings_json(settled.settings)},
              {"notes", std::move(notes)},
              {"actions", std::move(actions)}}
             .dump() +
         "\n";
}

}  // namespace outrigger::service
