#include <charconv>
#include <string>

#include "admin/json_writer.h"
#include "admin/pages.h"
#include "http/date.h"

namespace outrigger::admin {
namespace {

constexpr std::chrono::seconds kLastingMax = std::chrono::hours(24);

std::optional<int> seconds_of(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    default: return {};
  }
}

}  // namespace

Result<std::chrono::seconds> parse_lasting(std::string_view text) {
  const Error error = bad_input("for", text, "a time such as 90s, 10m or 1h30m, at most 24h");
  std::chrono::seconds total{0};
  std::string_view rest = text;
  while (!rest.empty()) {
    unsigned number = 0;
    const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto unit = rest.empty() ? std::nullopt : seconds_of(rest.front());
    if (status != std::errc() || !unit || number > kLastingMax.count()) return error;
    rest.remove_prefix(1);
    total += std::chrono::seconds(static_cast<int64_t>(number) * *unit);
  }
  if (total < std::chrono::seconds(1) || total > kLastingMax) return error;
  return total;
}

Result<LevelChange> level_change(const http::ServerRequest& request) {
  for (const auto& [name, value] : request.query) {
    // A misspelt `for` would otherwise set the level for good.
    if (name != "level" && name != "for" && name != "module") {
      return bad_input(name, value, "no parameters but level, for and module");
    }
  }
  LevelChange change;
  const std::string_view name = request.parameter("level").value_or("");
  const auto level = level_named(name);
  if (!level) return bad_input("level", name, "trace, debug, info, warn, error or fatal");
  change.level = *level;
  change.module = request.parameter("module").value_or("");
  if (const auto lasting = request.parameter("for")) {
    const auto time = parse_lasting(*lasting);
    if (!time) return time.error();
    change.lasting = *time;
  }
  return change;
}

http::ServerResponse level_page(const LevelReport& report) {
  JsonWriter json(JsonWriter::Layout::kOneLine);
  json.begin_object();
  json.member("level", name_of(report.level));
  if (report.until_ns) {
    json.member("until", http::rfc3339(*report.until_ns));
    json.member("returns_to", name_of(report.returns_to));
  }
  if (!report.modules.empty()) {
    json.key("modules");
    json.begin_object();
    for (const auto& [name, level] : report.modules) json.member(name, name_of(level));
    json.end_object();
  }
  json.end_object();
  http::ServerResponse response;
  response.body = json.take();
  return response;
}

}  // namespace outrigger::admin
