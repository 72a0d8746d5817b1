#include "keeper/declarations.h"

#include <boost/json.hpp>

#include <algorithm>
#include <span>

#include "keeper/plain_text.h"

namespace outrigger::keeper {
namespace {

namespace json = boost::json;

constexpr size_t kTextMax = 1000;
constexpr size_t kSettingsMax = 1000;
constexpr size_t kTextsMax = 64;
constexpr size_t kLinesMax = 200;  // as many as there may be alarms
constexpr size_t kDepthMax = 8;
constexpr int64_t kBudgetMsMax = 3'600'000;

std::string text_in(const json::object& object, std::string_view name, std::string_view otherwise) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return std::string(otherwise);
  const json::string& text = value->get_string();
  return plain_text(text.data(), std::min(text.size(), kTextMax));
}

// Any scalar as a person would read it.
std::string shown(const json::value* value) {
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string())
    return plain_text(value->get_string().data(), std::min(value->get_string().size(), kTextMax));
  const std::string text = json::serialize(*value);
  return plain_text(text.data(), std::min(text.size(), kTextMax));
}

bool flag_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_bool() && value->get_bool();
}

int64_t milliseconds_in(const json::object& object, std::string_view name, int64_t otherwise) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_int64()) return otherwise;
  return std::clamp<int64_t>(value->get_int64(), 0, kBudgetMsMax);
}

// The first `most` elements; none where there is no list.
std::span<const json::value> list_in(const json::object& object, std::string_view name,
                                     size_t most) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_array()) return {};
  const json::array& list = value->get_array();
  return {list.data(), std::min(list.size(), most)};
}

std::vector<admin::SettingReport> settings_in(const json::object& object) {
  std::vector<admin::SettingReport> settings;
  for (const json::value& each : list_in(object, "settings", kSettingsMax)) {
    if (!each.is_object()) continue;
    const json::object& setting = each.get_object();
    const std::string from = text_in(setting, "from", "");
    settings.push_back({text_in(setting, "name", ""),
                        shown(setting.if_contains("value")),
                        from,
                        flag_in(setting, "secret"),
                        from != "not found",
                        {}});
  }
  return settings;
}

std::vector<std::string> texts_in(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  for (const json::value& each : list_in(object, name, kTextsMax))
    if (each.is_string()) texts.push_back(shown(&each));
  return texts;
}

std::vector<ProfileLine> lines_in(const json::object& object) {
  std::vector<ProfileLine> lines;
  for (const json::value& each : list_in(object, "profile_lines", kLinesMax)) {
    if (!each.is_object()) continue;
    const json::object& line = each.get_object();
    const json::value* const above = line.if_contains("above");
    if (above == nullptr || !above->is_number()) continue;
    lines.push_back(
        {text_in(line, "alarm", ""), text_in(line, "metric", ""), above->to_number<double>()});
  }
  return lines;
}

LogsTo logs_named(std::string_view name, LogsTo otherwise) {
  if (name == "stdout-text") return LogsTo::kStdoutText;
  if (name == "stdout-json") return LogsTo::kStdoutJson;
  if (name == "stderr-text") return LogsTo::kStderrText;
  if (name == "cloudwatch") return LogsTo::kCloudWatch;
  if (name == "both") return LogsTo::kBoth;
  return otherwise;
}

}  // namespace

Declarations default_declarations(std::string_view program) {
  Declarations declarations;
  declarations.service = program;
  declarations.admin = "127.0.0.1:8081";
  return declarations;
}

std::optional<Declarations> parse_declarations(std::string_view text,
                                               const Declarations& defaults) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !parsed.is_object()) return std::nullopt;
  const json::object& object = parsed.get_object();
  Declarations found = defaults;
  found.declared = true;
  found.service = text_in(object, "service", defaults.service);
  if (found.service.empty()) found.service = defaults.service;
  found.version = text_in(object, "version", "");
  found.commit = text_in(object, "commit", "");
  found.built = text_in(object, "built", "");
  found.environment = text_in(object, "environment", "");
  found.environment_why = text_in(object, "environment_why", "");
  found.local = text_in(object, "kind", "") == "local";
  found.admin = text_in(object, "admin", defaults.admin);
  for (const std::string& text : texts_in(object, "admin_networks"))
    if (const auto network = base::parse_network(text)) found.admin_networks.push_back(*network);
  found.admin_roles = texts_in(object, "admin_roles");
  found.admin_roles_over_plaintext = flag_in(object, "admin_roles_over_plaintext");
  found.admin_certificate = text_in(object, "admin_certificate", "");
  found.posts_metrics = text_in(object, "metrics", "") == "cloudwatch";
  found.metrics_at_most_once = flag_in(object, "metrics_at_most_once");
  found.system_metrics = texts_in(object, "system_metrics");
  found.mounts = texts_in(object, "mounts");
  found.profile_lines = lines_in(object);
  found.logs = logs_named(text_in(object, "logs", ""), defaults.logs);
  found.level = admin::level_named(text_in(object, "level", "")).value_or(defaults.level);
  found.discover = flag_in(object, "discover");
  found.start_budget_ms = milliseconds_in(object, "start_budget_ms", 0);
  found.hang_report_ms = milliseconds_in(object, "hang_report_ms", defaults.hang_report_ms);
  found.settings = settings_in(object);
  return found;
}

std::string declarations_text(segment::View view) {
  // Acquire: pairs with the service's release; the bytes are there before their length.
  const uint32_t length = view.declarations().length.load(std::memory_order_acquire);
  if (length == 0 || length > segment::kDeclarationBytes - segment::kBlobDataAt) return {};
  const char* const bytes =
      reinterpret_cast<const char*>(&view.declarations()) + segment::kBlobDataAt;
  // A copy: the service may write while it is parsed.
  return std::string(bytes, length);
}

std::optional<Declarations> read_declarations(segment::View view, const Declarations& defaults) {
  const std::string copy = declarations_text(view);
  if (copy.empty()) return std::nullopt;
  try {
    return parse_declarations(copy, defaults);
  } catch (...) {  // memory
    return std::nullopt;
  }
}

}  // namespace outrigger::keeper
