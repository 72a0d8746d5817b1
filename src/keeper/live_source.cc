#include "keeper/live_source.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/machine.h"
#include "base/metric_price.h"
#include "keeper/checks.h"
#include "keeper/exposition.h"
#include "keeper/plain_text.h"
#include "segment/crash.h"

namespace outrigger::keeper {
namespace {

// How long the page remembers what a person should look into.
constexpr int64_t kRememberNs = 60 * base::kNsPerSecond;
constexpr double kCents = 100;
constexpr int64_t kStallShownNs = base::kNsPerSecond;

std::string own_name() {
  const std::string name = base::host_name();
  return plain_text(name.data(), name.size());
}

std::string counted(uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// By segment::CrashWatch.
std::string crash_reports(uint32_t watch) {
  switch (static_cast<segment::CrashWatch>(watch)) {
    case segment::CrashWatch::kWatching: return "with all stacks";
    case segment::CrashWatch::kReplaced:
      return "reduced: the program has put a handler of its own over SIGSEGV, SIGBUS, SIGILL, "
             "SIGFPE or SIGABRT";
    case segment::CrashWatch::kSanitizer: return "by the sanitizer alone";
    default: return {};
  }
}

std::string writing_text(const segment::Supervision& told) {
  switch (static_cast<segment::Confinement>(told.confinement.load(std::memory_order_relaxed))) {
    case segment::Confinement::kOff: return "not enforced: confinement is off";
    case segment::Confinement::kReported:
      return "reported: files that are open for writing are named, and stay so";
    case segment::Confinement::kEnforced:
      return "refused: by Landlock, version " +
             std::to_string(told.confine_abi.load(std::memory_order_relaxed)) +
             ", but where OUTRIGGER_WRITES allows it";
    case segment::Confinement::kUnavailable: {
      const char* const why = strerrordesc_np(told.confine_error.load(std::memory_order_relaxed));
      return "not enforced: this kernel's Landlock says " +
             std::string(why == nullptr ? "an unknown error" : why);
    }
    case segment::Confinement::kUnknown: break;
  }
  return "not enforced: it is one process";
}

admin::Metric counter(std::string name, std::string help, double value) {
  return {std::move(name), std::move(help), admin::MetricKind::kCounter, {}, value};
}

}  // namespace

LiveSource::LiveSource(const Parts& parts)
    : parts_(parts),
      keeper_started_ns_(base::monotonic_ns()),
      metrics_(parts.view, parts.segment_fd),
      instance_(own_name()) {}

void LiveSource::declare(Declarations declarations) {
  const std::lock_guard lock(mutex_);
  declarations_ = std::move(declarations);
}

void LiveSource::set_output(const Output* output) {
  const std::lock_guard lock(mutex_);
  output_ = output;
}

void LiveSource::set_shipper(const Shipper* shipper) {
  const std::lock_guard lock(mutex_);
  shipper_ = shipper;
}

void LiveSource::set_poster(MetricPoster* poster) {
  const std::lock_guard lock(mutex_);
  poster_ = poster;
}

void LiveSource::set_ended(std::string how) {
  parts_.findings.ended.store(true, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  ended_ = std::move(how);
}

void LiveSource::set_written(std::vector<std::string> files) {
  const std::lock_guard lock(mutex_);
  written_ = std::move(files);
}

void LiveSource::set_memory_end(std::string why) {
  const std::lock_guard lock(mutex_);
  memory_end_ = std::move(why);
}

std::string LiveSource::audience() {
  const std::lock_guard lock(mutex_);
  return declarations_.service + '/' + declarations_.environment + '/' + instance_;
}

bool LiveSource::local() {
  const std::lock_guard lock(mutex_);
  return declarations_.local;
}

Verdict LiveSource::verdict(int64_t now_ns) const {
  // Relaxed: each finding stands for itself.
  const Findings& found = parts_.findings;
  const segment::ServiceState& state = parts_.view.service();
  return judge(
      state.phase.load(std::memory_order_relaxed), state.beats,
      {now_ns, found.forgiven_ns.load(std::memory_order_relaxed),
       found.stopped_since_ns.load(std::memory_order_relaxed),
       found.traced.load(std::memory_order_relaxed), found.ended.load(std::memory_order_relaxed),
       found.draining.load(std::memory_order_relaxed)});
}

int64_t LiveSource::started_ns() const {
  const int64_t now_ns = base::real_ns();
  for (const int64_t claimed_ns :
       {parts_.view.service().started_real_ns.load(std::memory_order_relaxed),
        parts_.view.header().real_ns_at_start}) {
    if (claimed_ns > 0 && claimed_ns <= now_ns) return claimed_ns;
  }
  return now_ns;
}

admin::Shipping LiveSource::shipping(const segment::DropTotals& dropped) const {
  const SpoolMemory& memory = parts_.spool.memory();
  admin::Shipping shipping;
  if (shipper_ != nullptr) {
    const ShipReport report = shipper_->report();
    shipping.sent = report.delivered;
    shipping.dropped = dropped.total() + report.dropped;
    shipping.pending = report.pending;
    shipping.retries = report.retries;
    shipping.last_error = report.last_error;
    return shipping;
  }
  shipping.sent = memory.delivered.load(std::memory_order_relaxed);
  shipping.dropped = dropped.total() + memory.lost_lines.load(std::memory_order_relaxed);
  shipping.pending = parts_.spool.pending();
  if (output_ != nullptr) shipping.last_error = output_->last_error();
  return shipping;
}

std::vector<std::string> LiveSource::warnings(const segment::DropTotals& dropped,
                                              int64_t now_ns) const {
  std::vector<std::string> warnings;
  const int64_t dropped_at_ns = parts_.findings.dropped_at_ns.load(std::memory_order_relaxed);
  if (dropped_at_ns != 0 && now_ns - dropped_at_ns < kRememberNs)
    warnings.push_back("log entries were dropped within the last minute; " +
                       std::to_string(dropped.total()) + " since the start");
  if (shipper_ != nullptr) {
    const ShipReport report = shipper_->report();
    if (report.denied) {
      warnings.push_back("the log is printed on stdout, CloudWatch Logs does not get it: " +
                         report.last_error);
    } else if (report.failing_since_ns != 0) {
      warnings.push_back("CloudWatch Logs has taken nothing for " +
                         std::to_string((now_ns - report.failing_since_ns) / base::kNsPerSecond) +
                         " s, " + counted(report.pending, "entry waits", "entries wait") + ": " +
                         report.last_error);
    }
    if (report.dropped != 0)
      warnings.push_back(counted(report.dropped, "log entry", "log entries") +
                         " never came to CloudWatch Logs since the start");
  }
  if (output_ != nullptr && output_->closed()) {
    warnings.push_back("stdout cannot be written (" + output_->last_error() +
                       "): log entries are discarded");
  } else if (const int64_t stalled_ns = output_ == nullptr ? 0 : output_->stalled_ns(now_ns);
             stalled_ns > kStallShownNs) {
    warnings.push_back("stdout has taken nothing for " +
                       std::to_string(stalled_ns / base::kNsPerSecond) + " s");
  }
  const uint32_t restarts =
      parts_.view.supervision().keeper_restarts.load(std::memory_order_relaxed);
  if (restarts != 0 && now_ns - keeper_started_ns_ < kRememberNs)
    warnings.push_back("the keeper was started again within the last minute; " +
                       counted(restarts, "restart", "restarts") + " since the start");
  if (const uint64_t times = parts_.drain.irregularities(); times != 0)
    warnings.push_back("the log's memory was out of order " + counted(times, "time", "times"));
  if (const uint64_t others = metrics_.others(); others != 0)
    warnings.push_back(counted(others, "update", "updates") +
                       " of metrics went to \"other\": there are more sets of dimensions than the"
                       " budget has");
  if (const uint32_t refused = metrics_.refused_series(); refused != 0)
    warnings.push_back(counted(refused, "metric is", "metrics are") +
                       " not published: a name will not do, or the budget is used up");
  for (const LocatorReport& located : locator_reports()) {
    if (!located.failing.empty())
      warnings.push_back("locator " + located.name +
                         " keeps its last good list: " + located.failing);
  }
  if (!declarations_.declared)
    warnings.push_back(
        "the service has not declared itself: it may hang before main() calls run()");
  return warnings;
}

admin::HealthReport LiveSource::health() {
  const int64_t now_ns = base::monotonic_ns();
  admin::HealthReport report;
  report.logs = parts_.recent.entries();
  report.checks = read_checks(parts_.view.health(), now_ns);
  const Verdict verdict = this->verdict(now_ns);
  const segment::DropTotals dropped = parts_.drain.dropped();
  const segment::Supervision& supervision = parts_.view.supervision();

  const std::lock_guard lock(mutex_);
  report.service = declarations_.service;
  report.version = declarations_.version;
  report.environment = declarations_.environment;
  report.instance = instance_;
  report.started_ns = started_ns();
  report.now_ns = base::real_ns();
  report.process = {parts_.service_pid,
                    verdict.state,
                    verdict.beat_age_ms,
                    verdict.beat_name,
                    ended_,
                    crash_reports(parts_.view.service().crash_watch.load()),
                    writing_text(parts_.view.supervision()),
                    written_,
                    memory_end_};
  report.shipped_logs = shipping(dropped);
  if (poster_ != nullptr) {
    MetricPostReport posted = poster_->report();
    report.metrics = std::move(posted.recent);
    report.shipped_metrics = std::move(posted.shipping);
    report.posted_metrics = posted.metrics;
    report.dollars_a_month = std::round(base::price_of_metrics(posted.metrics) * kCents) / kCents;
    report.posts_metrics = declarations_.posts_metrics;
    for (const system::Figure& each : poster_->system_figures())
      report.system.push_back({std::string(each.metric.name), std::string(each.metric.help),
                               each.value, std::string(metrics::unit_name(each.metric.unit)),
                               each.mount});
    if (posted.denied)
      report.warnings.push_back("CloudWatch refuses the metrics: " +
                                report.shipped_metrics.last_error);
    if (report.shipped_metrics.dropped != 0)
      report.warnings.push_back(counted(report.shipped_metrics.dropped, "value", "values") +
                                " of metrics never came to CloudWatch since the start");
  }
  report.dropped_by_level = dropped.by_level;
  const segment::ServiceState& service = parts_.view.service();
  report.log_counts = {parts_.view.forked().discarded.load(std::memory_order_relaxed),
                       service.suppressed.load(std::memory_order_relaxed),
                       service.truncated.load(std::memory_order_relaxed),
                       service.format_failures.load(std::memory_order_relaxed)};
  report.keeper.pid = getpid();
  report.keeper.restarts = supervision.keeper_restarts.load(std::memory_order_relaxed);
  if (report.keeper.restarts != 0)
    report.keeper.last_end =
        describe_end(supervision.keeper_last_code.load(std::memory_order_relaxed),
                     supervision.keeper_last_status.load(std::memory_order_relaxed));
  for (std::string& warning : warnings(dropped, now_ns))
    report.warnings.push_back(std::move(warning));
  return report;
}

std::vector<system::Figure> LiveSource::own_figures() {
  std::vector<system::Figure> figures;
  const auto total = [&](const metrics::SystemMetric& metric, uint64_t value) {
    figures.push_back({metric, {}, 0, static_cast<double>(value)});
  };
  total(metrics::error_logs, parts_.drain.errors());
  total(metrics::keeper_restarts,
        parts_.view.supervision().keeper_restarts.load(std::memory_order_relaxed));
  // A service that was told to end is not ill.
  const Findings& found = parts_.findings;
  const bool is_planned =
      found.ended.load(std::memory_order_relaxed) && found.draining.load(std::memory_order_relaxed);
  if (!is_planned)
    figures.push_back(
        {metrics::healthy, {}, admin::overall(health()) == admin::Status::kFail ? 0.0 : 1.0, {}});
  return figures;
}

admin::Liveness LiveSource::liveness() {
  const int64_t now_ns = base::monotonic_ns();
  return {verdict(now_ns).state, gates_pass(parts_.view.health(), now_ns)};
}

admin::VersionReport LiveSource::version() {
  const std::lock_guard lock(mutex_);
  return {declarations_.version, declarations_.commit, declarations_.built};
}

std::vector<admin::Metric> LiveSource::metrics() {
  std::vector<admin::Metric> metrics;
  {
    const std::lock_guard lock(metrics_mutex_);
    metrics_.read(values_);
    metrics = exposed_metrics(metrics_.series(), values_);
  }
  add_process_metrics(parts_.service_pid, metrics);
  add_system_metrics(system_figures(), metrics);
  add_own_metrics(metrics);
  return metrics;
}

std::vector<system::Figure> LiveSource::system_figures() {
  std::vector<system::Figure> figures;
  {
    const std::lock_guard lock(mutex_);
    if (poster_ == nullptr) return figures;
    figures = poster_->system_figures();
  }
  for (system::Figure& each : own_figures()) figures.push_back(std::move(each));
  return figures;
}

// What the page has under "Shipping".
void LiveSource::add_shipping(const segment::DropTotals& dropped,
                              std::vector<admin::Metric>& metrics) const {
  admin::Shipping logs, posted;
  {
    const std::lock_guard lock(mutex_);
    logs = shipping(dropped);
    if (poster_ != nullptr) posted = poster_->report().shipping;
  }
  for (const auto& [what, shipped] : {std::pair{"logs", &logs}, std::pair{"metrics", &posted}}) {
    const auto add = [&](const char* name, const char* help, uint64_t value) {
      metrics.push_back(counter(name, help, static_cast<double>(value)));
      metrics.back().labels.emplace_back("of", what);
    };
    add("outrigger_shipped", "Log entries and metrics' values that were acknowledged.",
        shipped->sent);
    add("outrigger_shipping_dropped", "Those that were given up.", shipped->dropped);
    add("outrigger_shipping_retries", "Requests that were made again.", shipped->retries);
    metrics.push_back({"outrigger_shipping_queued",
                       "Log entries, and intervals of metrics, that wait.",
                       admin::MetricKind::kGauge,
                       {{"of", what}},
                       static_cast<double>(shipped->pending)});
  }
  metrics.push_back(counter("outrigger_metrics_ambiguous",
                            "Values whose answer was lost: they may have been taken twice.",
                            static_cast<double>(posted.ambiguous)));
}

// Of the library itself.
void LiveSource::add_own_metrics(std::vector<admin::Metric>& metrics) {
  const bool alive = admin::alive(liveness());
  {
    const std::lock_guard lock(mutex_);
    metrics.push_back({"outrigger_build_info",
                       "What runs; always 1.",
                       admin::MetricKind::kGauge,
                       {{"service", declarations_.service},
                        {"version", declarations_.version},
                        {"commit", declarations_.commit}},
                       1});
  }
  metrics.push_back({"outrigger_service_up",
                     "1 while the service's process is alive and beats.",
                     admin::MetricKind::kGauge,
                     {},
                     alive ? 1.0 : 0.0});
  metrics.push_back(counter("outrigger_metrics_other",
                            "Updates with more sets of dimensions than there may be.",
                            static_cast<double>(metrics_.others())));
  metrics.push_back(counter("outrigger_metrics_refused_values",
                            "Values that are no finite number from 0 to 2^64.",
                            static_cast<double>(metrics_.refused_values())));
  metrics.push_back(counter("outrigger_metrics_refused",
                            "Metrics with a name that will not do, or beyond the budget.",
                            metrics_.refused_series()));
  const segment::DropTotals dropped = parts_.drain.dropped();
  for (size_t level = 0; level < segment::kLevels; ++level) {
    metrics.push_back(counter("outrigger_log_dropped", "Log calls that found no room.",
                              static_cast<double>(dropped.by_level[level])));
    metrics.back().labels.emplace_back("level", admin::name_of(static_cast<admin::Level>(level)));
  }
  add_shipping(dropped, metrics);
  const SpoolMemory& memory = parts_.spool.memory();
  metrics.push_back(counter("outrigger_log_delivered", "Log entries written to stdout.",
                            static_cast<double>(memory.delivered.load(std::memory_order_relaxed))));
  metrics.push_back(
      counter("outrigger_log_lost", "Log entries that stdout did not take.",
              static_cast<double>(memory.lost_lines.load(std::memory_order_relaxed))));
  metrics.push_back(counter(
      "outrigger_log_suppressed", "Log calls held back by a rate limit of their own.",
      static_cast<double>(parts_.view.service().suppressed.load(std::memory_order_relaxed))));
  metrics.push_back(
      counter("outrigger_log_discarded_in_forks", "Log calls made in children of fork().",
              static_cast<double>(parts_.view.forked().discarded.load(std::memory_order_relaxed))));
  metrics.push_back(
      counter("outrigger_keeper_restarts", "Times the keeper was started again.",
              parts_.view.supervision().keeper_restarts.load(std::memory_order_relaxed)));
}

void LiveSource::set_answer(const segment::SettingsAnswer& answer, int64_t found_real_ns,
                            const Locators* locators) {
  const std::lock_guard lock(mutex_);
  locators_ = locators;
  found_real_ns_ = found_real_ns;
  if (!answer.environment.empty()) {
    declarations_.environment = answer.environment;
    declarations_.environment_why = answer.why;
  }
  if (const std::string* name = answer.place_of("name")) instance_ = *name;
  found_.place = answer.place;
  found_.notes = answer.notes;
  found_.actions = answer.actions;
  for (admin::SettingReport& setting : declarations_.settings) {
    for (const auto& one : answer.settings) {
      if (one.name != setting.name) continue;
      setting.found = one.found;
      setting.value = one.value;
      setting.from = one.found ? one.from : "not found";
      setting.shadowed.clear();
      for (const auto& shadowed : one.shadowed)
        setting.shadowed.push_back({shadowed.value, shadowed.from});
    }
  }
}

std::vector<LocatorReport> LiveSource::locator_reports() const {
  return locators_ == nullptr ? std::vector<LocatorReport>() : locators_->reports();
}

admin::ConfigReport LiveSource::config() {
  const std::lock_guard lock(mutex_);
  admin::ConfigReport report = found_;
  report.environment = declarations_.environment;
  report.environment_why = declarations_.environment_why;
  report.settings = declarations_.settings;
  for (const LocatorReport& located : locator_reports()) {
    for (admin::SettingReport& setting : report.settings) {
      if (setting.name != located.name || located.value.empty()) continue;
      setting.found = true;
      setting.value = located.value;
      setting.from = located.from;
    }
  }
  if (found_real_ns_ != 0) report.age_s = (base::real_ns() - found_real_ns_) / base::kNsPerSecond;
  return report;
}

Result<admin::LevelReport> LiveSource::level(std::string_view module) {
  if (!module.empty()) return parts_.level.report(module);
  return parts_.level.report();
}

Result<admin::LevelReport> LiveSource::set_level(std::string_view module, admin::Level level,
                                                 std::optional<std::chrono::seconds> lasting) {
  if (!module.empty()) return parts_.level.set(module, level, lasting, base::real_ns());
  return parts_.level.set(level, lasting, base::real_ns());
}

}  // namespace outrigger::keeper
