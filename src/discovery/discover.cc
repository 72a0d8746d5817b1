#include "discovery/discover.h"

#include "base/environment_kind.h"

namespace outrigger::discovery {
namespace {

using segment::SettingsAnswer;

void tell(const Place& place, const Gathered& gathered, SettingsAnswer& answer) {
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
  const auto group = gathered.outputs.find("LogGroupName");
  if (group != gathered.outputs.end()) add("log_group", group->second);
}

std::unique_ptr<aws::Client> client_for(const Place& place, const aws::Variables& variables,
                                        std::shared_ptr<http::Pool> pool,
                                        std::shared_ptr<aws::Imds> imds, bool has_instance) {
  auto provider = aws::find_provider(variables, pool, has_instance ? std::move(imds) : nullptr);
  if (provider == nullptr || place.region.empty()) return nullptr;
  return std::make_unique<aws::Client>(aws::Client::Options{
      .region = place.region,
      .variables = variables,
      .pool = std::move(pool),
      .credentials = std::make_shared<aws::CredentialCache>(std::move(provider))});
}

}  // namespace

SettingsAnswer discover(const Wanted& wanted, const aws::Variables& variables,
                        std::string_view vendor, const http::Cancel* cancel) {
  SettingsAnswer answer;
  auto made = aws::make_pool(variables);
  if (!made) answer.notes.push_back(made.error().message);
  const std::shared_ptr<http::Pool> pool =
      made ? *made : std::make_shared<http::Pool>(http::Pool::Options{});
  const auto imds = std::make_shared<aws::Imds>(variables, pool);
  const Place place = find_place(variables, signs_of(variables, vendor), *imds, *pool, cancel);
  answer.notes.insert(answer.notes.end(), place.notes.begin(), place.notes.end());

  const auto client =
      made ? client_for(place, variables, pool, imds, !place.instance.empty()) : nullptr;
  Gathered gathered = gather(wanted, place, client.get(), *imds, cancel);
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
          locate(setting, client.get(), *pool, variables, cancel, gathered.actions);
      for (const Located& one : located) {
        if (!one.note.empty()) answer.notes.push_back(one.note);
      }
      found = resolve(setting, gathered, located, kind, place, variables);
    }
    answer.settings.push_back(std::move(found));
  }
  tell(place, gathered, answer);
  answer.notes.insert(answer.notes.end(), gathered.notes.begin(), gathered.notes.end());
  answer.actions.assign(gathered.actions.begin(), gathered.actions.end());
  return answer;
}

}  // namespace outrigger::discovery
