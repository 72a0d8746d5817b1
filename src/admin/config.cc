#include "admin/json_writer.h"
#include "admin/pages.h"

namespace outrigger::admin {

http::ServerResponse config_page(const std::vector<SettingReport>& settings) {
  JsonWriter json;
  json.begin_object();
  json.key("settings").begin_array();
  for (const SettingReport& setting : settings) {
    json.begin_object();
    json.member("name", setting.name);
    json.member("value",
                setting.secret ? std::string_view("***") : std::string_view(setting.value));
    json.member("from", setting.from);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  http::ServerResponse response;
  response.body = json.take();
  return response;
}

}  // namespace outrigger::admin
