#include "admin/pages.h"
#include "http/date.h"

namespace outrigger::admin {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

void write_time(JsonWriter& json, std::string_view name, int64_t time_ns) {
  if (time_ns == 0) {
    json.key(name).null();
  } else {
    json.member(name, http::rfc3339(time_ns));
  }
}

void write_process(JsonWriter& json, const ProcessReport& process) {
  json.key("process").begin_object();
  json.member("pid", process.pid);
  json.member("state", name_of(process.state));
  if (process.beat_age_ms) {
    json.member("beat_age_ms", *process.beat_age_ms);
    json.member("beat", process.beat_name);
  } else {
    json.key("beat_age_ms").null();
    json.member("beat", "process-level only");
  }
  if (!process.ended.empty()) json.member("ended", process.ended);
  if (!process.crash_reports.empty()) json.member("crash_reports", process.crash_reports);
  if (!process.writing.empty()) json.member("writing", process.writing);
  if (!process.written.empty()) {
    json.key("written").begin_array();
    for (const std::string& file : process.written) json.value(file);
    json.end_array();
  }
  if (!process.memory_end.empty()) json.member("memory_end", process.memory_end);
  json.end_object();
}

void write_check(JsonWriter& json, const CheckReport& check, Trust trust) {
  json.begin_object();
  json.member("name", check.name);
  json.member("status", name_of(check.status));
  if (trust == Trust::kInsider) {
    json.member("output", check.output);
    write_time(json, "time", check.time_ns);
    json.member("duration_ms", check.duration_ms);
    json.member("critical", check.critical);
    if (check.gates_readiness) json.member("gates_readiness", true);
    if (check.pending) json.member("pending", true);
  }
  json.end_object();
}

void write_log(JsonWriter& json, const LogEntry& entry) {
  json.begin_object();
  write_time(json, "time", entry.time_ns);
  json.member("level", name_of(entry.level));
  json.member("message", entry.message);
  json.member("source", entry.source);
  json.key("fields").begin_object();
  for (const auto& [name, value] : entry.fields) {
    json.key(name);
    std::visit([&](const auto& content) { json.value(content); }, value);
  }
  json.end_object();
  json.end_object();
}

void write_metric(JsonWriter& json, const PostedMetric& metric) {
  json.begin_object();
  write_time(json, "time", metric.time_ns);
  json.member("name", metric.name);
  json.member("value", metric.value);
  json.member("unit", metric.unit);
  json.key("dimensions").begin_object();
  for (const auto& [name, value] : metric.dimensions) json.member(name, value);
  json.end_object();
  if (!metric.history.empty()) {
    json.key("history").begin_array();
    for (const double value : metric.history) json.value(value);
    json.end_array();
  }
  json.end_object();
}

void write_figure(JsonWriter& json, const SystemFigure& figure) {
  json.begin_object();
  json.member("name", figure.name);
  if (!figure.mount.empty()) json.member("mount", figure.mount);
  json.member("value", figure.value);
  json.member("unit", figure.unit);
  json.member("about", figure.about);
  json.end_object();
}

void write_shipping(JsonWriter& json, std::string_view what, const Shipping& shipping) {
  json.key(what).begin_object();
  json.member("sent", shipping.sent);
  json.member("pending", shipping.pending);
  json.member("dropped", shipping.dropped);
  json.member("retries", shipping.retries);
  json.member("ambiguous", shipping.ambiguous);
  if (shipping.last_error.empty()) {
    json.key("last_error").null();
  } else {
    json.member("last_error", shipping.last_error);
  }
  json.end_object();
}

void write_dropped(JsonWriter& json, const HealthReport& report) {
  json.key("dropped_by_level").begin_object();
  for (std::size_t i = 0; i < kLevels; ++i) {
    if (report.dropped_by_level[i] != 0)
      json.member(name_of(static_cast<Level>(i)), report.dropped_by_level[i]);
  }
  json.end_object();
}

void write_log_counts(JsonWriter& json, const LogCounts& counts) {
  json.key("log_counts").begin_object();
  json.member("discarded_in_children", counts.discarded_in_children);
  json.member("suppressed", counts.suppressed);
  json.member("truncated", counts.truncated);
  json.member("format_failures", counts.format_failures);
  json.end_object();
}

void write_the_rest(JsonWriter& json, const HealthReport& report) {
  json.key("logs").begin_array();
  for (const LogEntry& entry : report.logs) write_log(json, entry);
  json.end_array();
  json.key("metrics").begin_array();
  for (const PostedMetric& metric : report.metrics) write_metric(json, metric);
  json.end_array();
  json.key("system").begin_array();
  for (const SystemFigure& figure : report.system) write_figure(json, figure);
  json.end_array();
  json.key("shipping").begin_object();
  write_shipping(json, "logs", report.shipped_logs);
  write_shipping(json, "metrics", report.shipped_metrics);
  json.end_object();
  json.key("metrics_bill").begin_object();
  json.member("metrics", report.posted_metrics);
  json.member("dollars_a_month", report.dollars_a_month);
  json.member("posted", report.posts_metrics);
  json.end_object();
  write_dropped(json, report);
  write_log_counts(json, report.log_counts);
  json.key("keeper").begin_object();
  json.member("pid", report.keeper.pid);
  json.member("restarts", report.keeper.restarts);
  if (!report.keeper.last_end.empty()) json.member("last_end", report.keeper.last_end);
  json.end_object();
}

}  // namespace

std::string health_body(const HealthReport& report, Trust trust, JsonWriter::Layout layout) {
  JsonWriter json(layout);
  json.begin_object();
  json.member("status", name_of(overall(report)));
  if (trust == Trust::kInsider) json.member("service", report.service);
  json.member("version", report.version);
  if (trust == Trust::kInsider) {
    json.member("environment", report.environment);
    json.member("instance", report.instance);
    write_time(json, "started", report.started_ns);
    const int64_t up_ns = report.started_ns == 0 ? 0 : report.now_ns - report.started_ns;
    json.member("uptime_seconds", up_ns < 0 ? 0 : up_ns / kNsPerSecond);
    json.key("warnings").begin_array();
    for (const std::string& warning : report.warnings) json.value(warning);
    json.end_array();
    write_process(json, report.process);
  }
  json.key("checks").begin_array();
  for (const CheckReport& check : report.checks) write_check(json, check, trust);
  json.end_array();
  if (trust == Trust::kInsider) write_the_rest(json, report);
  json.end_object();
  return json.take();
}

http::ServerResponse health_json(const HealthReport& report, Trust trust) {
  http::ServerResponse response;
  response.status = overall(report) == Status::kFail ? 503 : 200;
  response.body = health_body(report, trust, JsonWriter::Layout::kPretty);
  return response;
}

}  // namespace outrigger::admin
