#include "base/environment_kind.h"
#include "discovery/discover.h"

namespace outrigger::discovery {
namespace {

using Setting = segment::SettingsAnswer::Setting;

constexpr const char* kMask = "***";

// What one place holds, or that it holds nothing.
class Ranking {
 public:
  explicit Ranking(const WantedSetting& wanted) : secret_(wanted.secret) {
    setting_.name = wanted.name;
  }

  void look(std::string where, const std::string* value) {
    if (value == nullptr) {
      if (!setting_.found) setting_.looked.push_back(std::move(where));
    } else if (setting_.found) {
      // Nobody needs it any more: a secret one does not travel.
      setting_.shadowed.push_back({secret_ ? kMask : *value, std::move(where)});
    } else {
      setting_.found = true;
      setting_.value = *value;
      setting_.from = std::move(where);
    }
  }
  void look(std::string where, const Texts& texts, const std::string& name) {
    const auto found = texts.find(name);
    look(std::move(where), found == texts.end() ? nullptr : &found->second);
  }
  void look(std::string where, const std::optional<std::string>& value) {
    look(std::move(where), value ? &*value : nullptr);
  }

  Setting take() { return std::move(setting_); }

 private:
  const bool secret_;
  Setting setting_;
};

const std::optional<std::string>& hard_coded_for(const HardCoded& values, EnvironmentKind kind) {
  switch (kind) {
    case EnvironmentKind::kLocal: return values.in_local;
    case EnvironmentKind::kStaging: return values.in_staging;
    case EnvironmentKind::kProduction: break;
  }
  return values.in_production;
}

}  // namespace

NamedEnvironment environment_of(const Wanted& wanted, const Gathered& gathered) {
  if (wanted.environment_given) return {wanted.environment, wanted.environment_why};
  const std::string name = "Environment";
  for (const auto& [texts, where] :
       {std::pair{&gathered.instance_tags, std::string("tag Environment of the instance")},
        {&gathered.group_tags, "tag Environment of Auto Scaling group " + gathered.group},
        {&gathered.outputs, "output Environment of stack " + gathered.stack}}) {
    const auto found = texts->find(name);
    if (found != texts->end() && !found->second.empty()) return {found->second, where};
  }
  return {wanted.environment, wanted.environment_why};
}

bool may_change(std::string_view from) {
  for (const char* place : {"Cloud Map ", "Consul ", "DNS SRV ", "hard-coded "}) {
    if (from.starts_with(place)) return true;
  }
  return false;
}

Setting resolve(const WantedSetting& wanted, const Gathered& gathered,
                const std::vector<Located>& located, EnvironmentKind kind, const Place& place,
                const aws::Variables& variables) {
  Ranking ranking(wanted);
  if (place.platform == Platform::kEc2) {
    ranking.look("tag " + wanted.name + " of instance " + place.instance, gathered.instance_tags,
                 wanted.name);
    if (!gathered.group.empty())
      ranking.look("tag " + wanted.name + " of Auto Scaling group " + gathered.group,
                   gathered.group_tags, wanted.name);
  }
  if (!gathered.stack.empty())
    ranking.look("output " + wanted.name + " of stack " + gathered.stack, gathered.outputs,
                 wanted.name);
  if (!wanted.parameter.empty())
    ranking.look("parameter " + wanted.parameter, gathered.parameters, wanted.parameter);
  if (!wanted.secret_id.empty())
    ranking.look("secret " + wanted.secret_id, gathered.secrets, wanted.secret_id);
  if (!wanted.variable.empty()) {
    const std::string value = variables(wanted.variable.c_str());
    ranking.look("environment variable " + wanted.variable, value.empty() ? nullptr : &value);
  }
  for (const Located& one : located) ranking.look(one.from, one.addresses);
  ranking.look("hard-coded for " + std::string(base::name_of(kind)),
               hard_coded_for(wanted.hard_coded, kind));
  ranking.look("hard-coded default", wanted.hard_coded.otherwise);
  return ranking.take();
}

}  // namespace outrigger::discovery
