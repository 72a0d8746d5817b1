// Alarms in code: they are kept with the service, and `template` prints them as CloudWatch alarms.
//
//     hello.alarm("HighMemory").when(metrics::memory_used_percent > 85).lasting(5min);
//     hello.alarm("SlowProbes")
//         .when(metrics::named("ProbeTime").percentile(99) > 2)
//         .lasting(10min)
//         .about("Probes take long: is the target overloaded?");
//     hello.alarm("NobodyAsks")
//         .when(metrics::named("Requests", {{"Operation", "greet"}}).sum() < 1)
//         .every(15min)
//         .when_missing(Missing::kBad);
//
// A condition compares one metric with a number, in the metric's unit. lasting() says for how long
// it must hold without a break; each period (every(), one minute by default) is looked at by itself.
//
// Every service has six alarms without a line of code: HighCpu, HighMemory, DiskFull, FilesRunOut,
// ErrorLogs, Unhealthy (docs/metrics.md). One declared under the same name takes its place;
// ServiceOptions::default_alarms = false leaves them out.
//
// What CloudWatch would refuse ends the start with one sentence.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/system_metrics.h"

namespace outrigger {

// What an alarm makes of a period without a value (CloudWatch: TreatMissingData).
enum class Missing {
  kGood,     // as if the condition did not hold
  kBad,      // as if it held: for what must always be there
  kIgnored,  // the alarm stays as it is
  kUnknown,  // the alarm has not enough data
};

namespace metrics {

// A metric and how its values, of one period and of all instances, become one number.
struct Watched {
  std::string name;
  std::vector<std::pair<std::string, std::string>> dimensions{};  // without `Environment`
  Statistic statistic = Statistic::kUnsaid;
  double percent = 0;  // of kPercentile
  bool is_system = false;

  Watched(std::string_view metric, std::vector<std::pair<std::string, std::string>> given)
      : name(metric), dimensions(std::move(given)) {}
  // NOLINTNEXTLINE: `cpu_used_percent > 90` is the way to write it.
  Watched(const SystemMetric& metric)
      : name(metric.name), statistic(metric.statistic), is_system(true) {}

  Watched average() const { return as(Statistic::kAverage); }
  Watched sum() const { return as(Statistic::kSum); }  // of a counter: how many
  Watched minimum() const { return as(Statistic::kMinimum); }
  Watched maximum() const { return as(Statistic::kMaximum); }
  Watched samples() const { return as(Statistic::kSamples); }  // of a histogram: how many
  // Of a histogram or timer; above 0, up to 100, with up to two decimals.
  Watched percentile(double percent_of_values) const {
    Watched other = as(Statistic::kPercentile);
    other.percent = percent_of_values;
    return other;
  }

 private:
  Watched as(Statistic other) const {
    Watched copy = *this;
    copy.statistic = other;
    return copy;
  }
};

// A metric of the service's own, by the name and dimensions that it was made with. Say how its
// values are taken together: named("Orders").sum() < 1.
inline Watched named(std::string_view name,
                     std::vector<std::pair<std::string, std::string>> dimensions = {}) {
  return {name, std::move(dimensions)};
}

enum class Comparison { kAbove, kAtLeast, kBelow, kAtMost };

struct Condition {
  Watched watched;
  Comparison comparison;
  double threshold;
};
inline Condition operator>(Watched watched, double threshold) {
  return {std::move(watched), Comparison::kAbove, threshold};
}
inline Condition operator>=(Watched watched, double threshold) {
  return {std::move(watched), Comparison::kAtLeast, threshold};
}
inline Condition operator<(Watched watched, double threshold) {
  return {std::move(watched), Comparison::kBelow, threshold};
}
inline Condition operator<=(Watched watched, double threshold) {
  return {std::move(watched), Comparison::kAtMost, threshold};
}

}  // namespace metrics

namespace internal {

struct AlarmInfo {
  std::string name;
  std::string about{};
  std::vector<metrics::Condition> conditions{};  // exactly one is right
  std::chrono::seconds period{60};
  std::chrono::seconds lasting{0};  // 0: one period
  Missing missing = Missing::kGood;
  bool is_default = false;
};

}  // namespace internal

// From Service::alarm(). Refers to the service: finish it in one statement.
class AlarmBuilder {
 public:
  explicit AlarmBuilder(internal::AlarmInfo& info) : info_(info) {}

  // Exactly one.
  AlarmBuilder& when(metrics::Condition condition) {
    info_.conditions.push_back(std::move(condition));
    return *this;
  }
  // A whole number of periods; one period by default. Up to a day, with periods of an hour or more
  // up to a week.
  AlarmBuilder& lasting(std::chrono::seconds how_long) {
    info_.lasting = how_long;
    return *this;
  }
  // The period: whole minutes, or 10, 20 or 30 s for a metric that is sent that often.
  AlarmBuilder& every(std::chrono::seconds period) {
    info_.period = period;
    return *this;
  }
  // A period without a value; kGood by default.
  AlarmBuilder& when_missing(Missing missing) {
    info_.missing = missing;
    return *this;
  }
  // What it means and what to do, for whom it wakes. Up to 1,024 bytes.
  AlarmBuilder& about(std::string text) {
    info_.about = std::move(text);
    return *this;
  }

 private:
  internal::AlarmInfo& info_;
};

}  // namespace outrigger
