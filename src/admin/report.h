// What the admin pages show, as plain values. The keeper fills them in; the pages turn them into
// bytes and know nothing of where they came from. Times are nanoseconds since 1970 unless a name
// says otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace outrigger::admin {

enum class Status { kPass, kWarn, kFail };
enum class Level { kTrace, kDebug, kInfo, kWarn, kError, kFatal };  // numbered as in the segment
inline constexpr std::size_t kLevels = 6;

enum class ProcessState {
  kStarting,
  kRunning,
  kUnresponsive,  // a beat is overdue
  kDraining,
  kExited,
  kDebugged,  // traced or stopped: its silence is forgiven
};

struct ProcessReport {
  int pid = 0;
  ProcessState state = ProcessState::kStarting;
  // Age of the oldest beat. Without any beat the process's being there is all that is known, and
  // the page says so.
  std::optional<int64_t> beat_age_ms;
  std::string beat_name;  // whose it is: "server", "main loop"
  std::string ended;      // once exited: "exit code 3", "killed by signal 9 (SIGKILL)"
  // "with all stacks", or why there will be less in the entry of a crash. Empty: not known yet.
  std::string crash_reports{};
  // Whether it may write files: "no file can be written, the kernel sees to it", or why they can.
  std::string writing{};
  std::vector<std::string> written{};  // files that are open for writing, while that is watched
  // Where nobody would be left to tell of a death for want of memory: why. Otherwise empty.
  std::string memory_end{};
};

struct CheckReport {
  std::string name;
  Status status = Status::kPass;
  bool pending = false;  // has not run yet: counts as pass for the service, not for readiness
  std::string output;
  int64_t time_ns = 0;  // 0: never ran
  double duration_ms = 0;
  bool critical = false;
  bool gates_readiness = false;
};

using FieldValue = std::variant<bool, int64_t, uint64_t, double, std::string>;

struct LogEntry {
  int64_t time_ns = 0;
  Level level = Level::kInfo;
  std::string message;
  std::string source;  // "main.cc:41"; may be empty
  std::vector<std::pair<std::string, FieldValue>> fields;
};

struct PostedMetric {
  int64_t time_ns = 0;
  std::string name;
  double value = 0;
  std::string unit;
  std::vector<std::pair<std::string, std::string>> dimensions;
  std::vector<double>
      history{};  // one value a minute, oldest first, at most an hour; NaN: none then
};

// Of the machine (outrigger/system_metrics.h).
struct SystemFigure {
  std::string name;
  std::string about;
  double value = 0;
  std::string unit;
  std::string mount;  // empty: of no mount, or of the root
};

struct Shipping {
  uint64_t sent = 0;  // delivered to where entries go: stdout, later CloudWatch
  uint64_t pending = 0;
  uint64_t dropped = 0;
  uint64_t retries = 0;
  uint64_t ambiguous = 0;  // sent again after a lost answer: may have been taken twice
  std::string last_error;
};

// Log calls that became no entry, or not a whole one, other than by being dropped.
struct LogCounts {
  uint64_t discarded_in_children = 0;  // made in a child of fork()
  uint64_t suppressed = 0;             // held back by a rate limit of their own
  uint64_t truncated = 0;              // cut to the largest record
  uint64_t format_failures = 0;        // an argument's own formatter threw
};

struct KeeperReport {
  int pid = 0;
  uint32_t restarts = 0;
  std::string last_end;  // how the one before ended; empty when there was none
};

struct HealthReport {
  std::string service;
  std::string version;
  std::string environment;
  std::string instance;
  int64_t started_ns = 0;
  int64_t now_ns = 0;
  ProcessReport process;
  std::vector<CheckReport> checks;
  std::vector<LogEntry> logs;         // the last 10, newest first
  std::vector<PostedMetric> metrics;  // the last 10, newest first
  Shipping shipped_logs;
  Shipping shipped_metrics;
  uint64_t posted_metrics = 0;  // how many different ones
  double dollars_a_month = 0;   // that CloudWatch charges for them, or would
  bool posts_metrics = false;
  std::vector<SystemFigure> system;
  std::array<uint64_t, kLevels> dropped_by_level{};
  LogCounts log_counts;
  KeeperReport keeper;
  // Whatever else a person should know; each is a sentence and makes a pass a warn.
  std::vector<std::string> warnings;
};

// What /livez and /readyz need; asked for often, so it must be cheap.
struct Liveness {
  ProcessState state = ProcessState::kStarting;
  bool gates_pass = true;  // every check that gates readiness passes
};

struct VersionReport {
  std::string version;  // "1.1.ab41cd0"
  std::string commit;
  std::string build_time;  // RFC 3339
};

struct LevelReport {
  Level level = Level::kInfo;
  // While a level is set for a time: until when, and what comes back then.
  std::optional<int64_t> until_ns;
  Level returns_to = Level::kInfo;
  std::vector<std::pair<std::string, Level>> modules{};  // of the service's own report
};

enum class MetricKind { kCounter, kGauge, kHistogram };

struct Bucket {
  double bound = 0;    // values up to here
  uint64_t count = 0;  // those of all buckets below as well
};

// Values of one name stand together or apart, as they come; the page groups them.
struct Metric {
  std::string name;  // CloudWatch's manner, "ProbeTime", or a scraper's, "outrigger_log_lost"
  std::string help;
  MetricKind kind = MetricKind::kCounter;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;               // of a histogram the sum
  std::string unit{};             // CloudWatch's word; empty: the name says it
  std::vector<Bucket> buckets{};  // of a histogram: the last one is that of all values
};

struct SettingReport {
  std::string name;
  std::string value;
  std::string from;     // "output Table of stack orders", "environment variable PROBER_TARGET"
  bool secret = false;  // the value is never shown, nor are those that it shadows
  bool found = true;
  struct Shadowed {
    std::string value;
    std::string from;
  };
  std::vector<Shadowed> shadowed{};  // held by places of lower rank
};

struct ConfigReport {
  std::string environment;
  std::string environment_why;
  std::optional<int64_t>
      age_s{};  // since the settings were found; none when they are the program's
  std::vector<std::pair<std::string, std::string>> place{};  // "region", "instance", ...
  std::vector<SettingReport> settings{};
  std::vector<std::string> notes{};    // places that could not be asked, and why
  std::vector<std::string> actions{};  // IAM's, that finding them took
};

// "pass", "WARN", "unresponsive": the contract's words.
std::string_view name_of(Status status);
std::string_view name_of(Level level);
std::string_view name_of(ProcessState state);
// The level of that name in any case ("warning" is "warn"); none when there is no such level.
std::optional<Level> level_named(std::string_view name);

// pass, warn or fail of the whole: fail when the process does not live or a critical check fails,
// warn when another check does not pass or there are warnings.
Status overall(const HealthReport& report);
// 200 of /livez.
bool alive(const Liveness& liveness);

}  // namespace outrigger::admin
