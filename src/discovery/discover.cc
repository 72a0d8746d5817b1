#include "discovery/discover.h"

#include "base/environment_kind.h"

namespace outrigger::discovery {
namespace {

using segment::SettingsAnswer;

void tell(const Wanted& wanted, const Place& place, const Gathered& gathered,
          SettingsAnswer& answer) {
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) answer.place.emplace_back(key, value);
  };
  add("platform", std::string(name_of(place.platform)));
  add("name", place.name());
  add("region", place.region);
  add("zone", place.zone);
  add("account", place.account);
  add("instance", place.instance);
  add("cluster", place.cluster);
  add("task", place.task);
  add("family", place.family);
  add("pod", place.pod);
  add("auto_scaling_group", gathered.group);
  add("stack", gathered.stack);
  const auto group = gathered.outputs.find(wanted.log_group_output);
  if (group != gathered.outputs.end()) add("log_group", group->second);
  const auto bucket = gathered.outputs.find(wanted.profiles_bucket_output);
  if (bucket != gathered.outputs.end()) add("profiles_bucket", bucket->second);
}

}  // namespace

SettingsAnswer discover(const Wanted& wanted, Access& access, const http::Cancel* cancel) {
  SettingsAnswer answer;
  const std::shared_ptr<const Found> here = access.find(cancel);
  const Place& place = here->place;
  const aws::Variables& variables = access.variables();
  answer.notes = place.notes;
  Gathered gathered = gather(wanted, place, here->client.get(), *here->imds, cancel);
  const NamedEnvironment environment = environment_of(wanted, gathered);
  answer.environment = environment.name;
  answer.why = environment.why;
  const EnvironmentKind kind = base::kind_of(environment.name);
  for (const WantedSetting& setting : wanted.settings) {
    // Locators are asked only for what no higher place holds: they may take long.
    SettingsAnswer::Setting found = resolve(setting, gathered, {}, kind, place, variables);
    const bool has_locator =
        !setting.cloud_map.empty() || !setting.consul.empty() || !setting.srv.empty();
    if (has_locator && (!found.found || found.from.starts_with("hard-coded"))) {
      const auto located =
          locate(setting, here->client.get(), *here->pool, variables, cancel, gathered.actions);
      for (const Located& one : located) {
        if (!one.note.empty()) answer.notes.push_back(one.note);
      }
      found = resolve(setting, gathered, located, kind, place, variables);
    }
    answer.settings.push_back(std::move(found));
  }
  tell(wanted, place, gathered, answer);
  answer.notes.insert(answer.notes.end(), gathered.notes.begin(), gathered.notes.end());
  if (here->client != nullptr) gathered.actions.merge(shipping_actions(wanted));
  answer.actions.assign(gathered.actions.begin(), gathered.actions.end());
  return answer;
}

Located locate_again(const WantedSetting& setting, Access& access, const http::Cancel* cancel) {
  const std::shared_ptr<const Found> here = access.find(cancel);
  std::set<std::string> actions;
  Located none;
  for (Located& one :
       locate(setting, here->client.get(), *here->pool, access.variables(), cancel, actions)) {
    if (one.addresses) return {std::move(one.from), std::move(one.addresses), {}};
    const std::string& why = one.note.empty() ? one.from + " has no address" : one.note;
    none.note += (none.note.empty() ? "" : "; ") + why;
  }
  return none;
}

}  // namespace outrigger::discovery
