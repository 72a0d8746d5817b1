#include <string>

#include "admin/pages.h"
#include "http/date.h"

namespace outrigger::admin {
namespace {

// Nothing is loaded and nothing runs; the page looks the same offline.
constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:."
    "2rem .8rem .2rem 0}"
    "td{overflow-wrap:anywhere}.pass{color:#0a7d33}.warn{color:#a15c00}.fail{color:#b3001b}"
    ":root{color-scheme:light "
    "dark}@media(prefers-color-scheme:dark){.pass{color:#5bd68a}.warn{color:#ffb74d}"
    ".fail{color:#ff7b8a}}";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

void add_row(std::string& out, std::initializer_list<std::string_view> cells) {
  out += "<tr>";
  for (const std::string_view cell : cells)
    out.append("<td>").append(escaped(cell)).append("</td>");
  out += "</tr>\n";
}

void add_checks(std::string& out, const HealthReport& report, Trust trust) {
  if (report.checks.empty()) return;
  out += "<h2>Checks</h2>\n<table>\n";
  for (const CheckReport& check : report.checks) {
    const std::string_view status = name_of(check.status);
    out.append("<tr><td class=").append(status).append(">").append(status).append("</td><td>");
    out.append(escaped(check.name)).append("</td>");
    if (trust == Trust::kInsider) {
      out.append("<td>")
          .append(check.pending ? "has not run yet" : escaped(check.output))
          .append("</td>");
    }
    out += "</tr>\n";
  }
  out += "</table>\n";
}

void add_details(std::string& out, const HealthReport& report) {
  out += "<table>\n";
  add_row(out, {"Environment", report.environment});
  add_row(out, {"Instance", report.instance});
  if (report.started_ns != 0) add_row(out, {"Started", http::rfc3339(report.started_ns)});
  add_row(out, {"Process", std::to_string(report.process.pid)});
  if (!report.process.ended.empty()) add_row(out, {"Ended", report.process.ended});
  add_row(out, {"Keeper", std::to_string(report.keeper.pid) + ", restarted " +
                              std::to_string(report.keeper.restarts) + " times"});
  add_row(out, {"Log entries", std::to_string(report.shipped_logs.sent) + " out, " +
                                   std::to_string(report.shipped_logs.dropped) + " dropped"});
  for (const std::string& warning : report.warnings) add_row(out, {"Warning", warning});
  out += "</table>\n";
}

void add_logs(std::string& out, const HealthReport& report) {
  if (report.logs.empty()) return;
  out += "<h2>Last log entries</h2>\n<table>\n";
  for (const LogEntry& entry : report.logs) {
    add_row(out, {http::rfc3339(entry.time_ns), name_of(entry.level), entry.message, entry.source});
  }
  out += "</table>\n";
}

}  // namespace

http::ServerResponse health_html(const HealthReport& report, Trust trust) {
  const Status status = overall(report);
  const std::string_view word = name_of(status);
  http::ServerResponse response;
  response.status = status == Status::kFail ? 503 : 200;
  response.content_type = "text/html; charset=utf-8";
  response.headers = {{"Content-Security-Policy", std::string(kPolicy)}, {"Vary", "Accept"}};
  std::string& out = response.body;
  const std::string title = trust == Trust::kInsider ? escaped(report.service) : "Health";
  out.append("<!doctype html>\n<html lang=en><head><meta charset=utf-8>");
  out.append("<meta name=viewport content=\"width=device-width\"><title>");
  out.append(title)
      .append(": ")
      .append(word)
      .append("</title><style>")
      .append(kStyle)
      .append("</style></head><body>\n");
  out.append("<h1>").append(title).append(": <span class=").append(word).append(">").append(word);
  out.append("</span></h1>\n<p>Version ").append(escaped(report.version));
  if (trust == Trust::kInsider) out.append(", ").append(name_of(report.process.state));
  out += "</p>\n";
  if (trust == Trust::kInsider) add_details(out, report);
  add_checks(out, report, trust);
  if (trust == Trust::kInsider) add_logs(out, report);
  out += "</body></html>\n";
  return response;
}

}  // namespace outrigger::admin
