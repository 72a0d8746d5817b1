// What the service says of itself: a JSON text in the segment, written once. Value types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/report.h"
#include "base/network.h"
#include "segment/layout.h"

namespace outrigger::keeper {

enum class LogsTo { kStdoutText, kStdoutJson, kStderrText, kCloudWatch, kBoth };

// What an alarm of the service watches of memory or CPU: beyond it a profile is taken.
struct ProfileLine {
  std::string alarm;
  std::string metric;  // a system metric's name
  double above = 0;    // in the metric's unit
};

struct Declarations {
  bool declared = false;  // by the service; otherwise assumed
  std::string service;    // never empty
  std::string version;
  std::string commit;
  std::string built;
  std::string environment;
  std::string environment_why;
  bool local = false;
  std::string admin;                          // "127.0.0.1:8081"; empty: no port
  std::vector<base::Network> admin_networks;  // from which everybody is an insider
  std::vector<std::string> admin_roles;       // whose sessions see private pages from elsewhere
  bool admin_roles_over_plaintext = false;
  std::string admin_certificate;  // "self-signed", or a secret's name; empty: no TLS
  // Whether the service wants to know where it is and what its settings are, and how long it waits.
  bool discover = false;
  int64_t start_budget_ms = 0;
  int64_t hang_report_ms = 5'000;  // 0: no report
  LogsTo logs = LogsTo::kStdoutJson;
  admin::Level level = admin::Level::kInfo;
  bool posts_metrics = false;  // to CloudWatch
  bool metrics_at_most_once = false;
  std::vector<std::string> system_metrics;  // names of those that are sent
  std::vector<std::string> mounts;          // whose use is sent as well
  std::vector<ProfileLine> profile_lines;
  std::vector<admin::SettingReport> settings;
};

// What holds while the service has said nothing: it may be stuck before main() gets to say it.
Declarations default_declarations(std::string_view program);

// Any text. What is missing, of the wrong type or too long keeps its default; none when it is no
// JSON object.
std::optional<Declarations> parse_declarations(std::string_view json, const Declarations& defaults);

// A copy of what is there; empty while there is nothing.
std::string declarations_text(segment::View view);

// None while there are none.
std::optional<Declarations> read_declarations(segment::View view, const Declarations& defaults);

}  // namespace outrigger::keeper
