// The admin port's pages: each a pure function from plain values to an answer, each in a file of
// its own.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/exposure.h"
#include "admin/json_writer.h"
#include "admin/report.h"
#include "http/server.h"
#include "outrigger/result.h"

namespace outrigger::admin {

class Profiles;

// /health: 200 or 503, JSON.
std::string health_body(const HealthReport& report, Trust trust, JsonWriter::Layout layout);
http::ServerResponse health_json(const HealthReport& report, Trust trust);
// The same for a browser.
http::ServerResponse health_html(const HealthReport& report, Trust trust);

// /livez, /readyz: 200 or 503, one word.
http::ServerResponse livez(const Liveness& liveness);
http::ServerResponse readyz(const Liveness& liveness);

// /version
http::ServerResponse version_page(const VersionReport& version);

// /log/level
http::ServerResponse level_page(const LevelReport& report);
struct LevelChange {
  std::string_view module;  // empty: the service's own level
  Level level = Level::kInfo;
  std::optional<std::chrono::seconds> lasting;
};
Result<LevelChange> level_change(const http::ServerRequest& request);
// "10m", "90s", "1h30m", up to 24 hours.
Result<std::chrono::seconds> parse_lasting(std::string_view text);

// /metrics
enum class MetricsFormat { kPrometheus, kOpenMetrics };
http::ServerResponse metrics_page(const std::vector<Metric>& metrics, MetricsFormat format);

// /config
http::ServerResponse config_page(const ConfigReport& config);

// /debug/pprof/ and below. `profiles` may be nullptr.
http::ServerResponse pprof_index(Profiles* profiles);
// The flame graph, drawn by the browser from what the others give.
http::ServerResponse pprof_ui();
// ?number=: one that was taken by itself.
http::ServerResponse pprof_kept(Profiles* profiles, const http::ServerRequest& request);
http::ServerResponse pprof_cmdline(Profiles* profiles);
http::ServerResponse pprof_symbol(Profiles* profiles, const http::ServerRequest& request);
// Each profile by its own path; the answer comes later.
http::ServerResponse pprof_profile(Profiles* profiles, const http::ServerRequest& request);

}  // namespace outrigger::admin
