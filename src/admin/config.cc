#include "admin/json_writer.h"
#include "admin/pages.h"

namespace outrigger::admin {

namespace {

constexpr std::string_view kMask = "***";

void write_texts(std::string_view key, const std::vector<std::string>& texts, JsonWriter& json) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_setting(const SettingReport& setting, JsonWriter& json) {
  json.begin_object();
  json.member("name", setting.name);
  json.member("value", setting.secret && setting.found ? kMask : std::string_view(setting.value));
  json.member("from", setting.from);
  json.key("shadowed").begin_array();
  for (const SettingReport::Shadowed& each : setting.shadowed) {
    json.begin_object();
    json.member("value", setting.secret ? kMask : std::string_view(each.value));
    json.member("from", each.from);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

http::ServerResponse config_page(const ConfigReport& config) {
  JsonWriter json;
  json.begin_object();
  json.member("environment", config.environment);
  json.member("environment_why", config.environment_why);
  if (config.age_s) json.member("age_seconds", *config.age_s);
  json.key("place").begin_object();
  for (const auto& [key, value] : config.place) json.member(key, value);
  json.end_object();
  json.key("settings").begin_array();
  for (const SettingReport& setting : config.settings) write_setting(setting, json);
  json.end_array();
  write_texts("notes", config.notes, json);
  write_texts("actions", config.actions, json);
  json.end_object();
  http::ServerResponse response;
  response.body = json.take();
  return response;
}

}  // namespace outrigger::admin
