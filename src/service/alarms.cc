#include "service/alarms.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "base/metric_price.h"
#include "metrics/registry.h"

namespace outrigger::service {

using internal::AlarmInfo;
using internal::ServiceParts;
using metrics::Comparison;
using metrics::Condition;
using metrics::Statistic;
using metrics::SystemMetric;
using metrics::Watched;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// --- Limits of PutMetricAlarm (API_PutMetricAlarm.html) ------------------------------------------
constexpr size_t kAboutBytesMax = 1'024;
constexpr seconds kWindowMax = std::chrono::hours(24);
constexpr seconds kLongPeriod = std::chrono::hours(1);
constexpr seconds kLongWindowMax = std::chrono::hours(24 * 7);
constexpr size_t kDimensionsMax = 29;  // of 30; one is `Environment`

constexpr size_t kNameBytesMax = 63;
constexpr size_t kAlarmsMax = 200;
constexpr size_t kMountsMax = 16;
constexpr size_t kOperationMetrics = 3;  // requests, errors, latency

std::vector<AlarmInfo> default_alarms() {
  const auto alarm = [](const char* name, Condition condition, seconds lasting, const char* about) {
    return AlarmInfo{name,           about, {std::move(condition)}, minutes(1), lasting,
                     Missing::kGood, true};
  };
  std::vector<AlarmInfo> all{
      alarm("HighCpu", metrics::cpu_used_percent > 90, minutes(10),
            "An instance has hardly any processor time left."),
      alarm("HighMemory", metrics::memory_used_percent > 85, minutes(5),
            "An instance has hardly any memory left: it may be killed for it."),
      alarm("DiskFull", metrics::disk_used_percent > 85, minutes(5),
            "The root file system of an instance is filling up."),
      alarm("FilesRunOut", metrics::open_files_percent > 80, minutes(5),
            "The service has nearly as many descriptors open as it may have."),
      alarm("ErrorLogs", metrics::error_logs > 0, minutes(5),
            "The service logged errors; the log group has them."),
      alarm("Unhealthy", metrics::healthy < 1, minutes(3),
            "/health of an instance says fail, or no instance says anything.")};
  all[4].period = minutes(5);
  all[5].missing = Missing::kBad;
  return all;
}

seconds lasting_of(const AlarmInfo& alarm) {
  return alarm.lasting.count() == 0 ? alarm.period : alarm.lasting;
}

// "p99", "p99.9"; CloudFormation takes two decimals.
std::string percentile_of(const Watched& watched) {
  std::string text = std::to_string(watched.percent);
  text.resize(text.find('.') + 3);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return "p" + text;
}

const char* name_of(Statistic statistic) {
  switch (statistic) {
    case Statistic::kAverage: return "Average";
    case Statistic::kSum: return "Sum";
    case Statistic::kMinimum: return "Minimum";
    case Statistic::kMaximum: return "Maximum";
    case Statistic::kSamples: return "SampleCount";
    default: return "";
  }
}
const char* name_of(Missing missing) {
  switch (missing) {
    case Missing::kGood: return "notBreaching";
    case Missing::kBad: return "breaching";
    case Missing::kIgnored: return "ignore";
    default: return "missing";
  }
}
const char* name_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::kAbove: return "GreaterThanThreshold";
    case Comparison::kAtLeast: return "GreaterThanOrEqualToThreshold";
    case Comparison::kBelow: return "LessThanThreshold";
    default: return "LessThanOrEqualToThreshold";
  }
}

std::string condition_text(const AlarmInfo& alarm) {
  const Condition& condition = alarm.conditions.front();
  const Watched& watched = condition.watched;
  constexpr const char* kSigns[] = {" > ", " >= ", " < ", " <= "};
  std::string text = watched.statistic == Statistic::kPercentile ? percentile_of(watched)
                                                                 : name_of(watched.statistic);
  text += " of " + watched.name;
  for (const auto& [name, value] : watched.dimensions) text += " " + name + "=" + value;
  text += kSigns[static_cast<size_t>(condition.comparison)] + Json(condition.threshold).dump();
  return text + " for " + internal::text_of(std::chrono::nanoseconds(lasting_of(alarm)));
}

std::string text(seconds duration) { return internal::text_of(std::chrono::nanoseconds(duration)); }

bool is_alarm_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= kNameBytesMax && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string wrong_with_watched(const Watched& watched) {
  if (!metrics::problem_of_name(watched.name, metrics::kNameMax).empty())
    return "watches the metric \"" + watched.name +
           "\", whose name will not do: expected 1 to 255 printable ASCII characters, no colon in "
           "front";
  if (watched.statistic == Statistic::kUnsaid)
    return "does not say how the values of " + watched.name +
           " become one: expected .sum(), .average(), .minimum(), .maximum(), .samples() or "
           ".percentile(99) behind it";
  if (watched.statistic == Statistic::kPercentile &&
      !(watched.percent > 0 && watched.percent <= 100 &&
        std::abs(watched.percent * 100 - std::round(watched.percent * 100)) < 1e-6))
    return "watches percentile " + Json(watched.percent).dump() + " of " + watched.name +
           ": expected more than 0, up to 100, with up to two decimals";
  if (watched.dimensions.size() > kDimensionsMax)
    return "watches a metric with " + std::to_string(watched.dimensions.size()) +
           " dimensions: CloudWatch takes 30, of which one is Environment";
  std::set<std::string> names{"Environment"};
  for (const auto& [name, value] : watched.dimensions) {
    if (!metrics::problem_of_name(name, metrics::kNameMax).empty() || value.empty() ||
        value.size() > metrics::kValueMax)
      return "watches a metric with the dimension \"" + name + "\"=\"" + value +
             "\": expected 1 to 255 printable ASCII characters each";
    if (!names.insert(name).second)
      return "watches a metric with the dimension " + name + " twice" +
             (name == "Environment" ? ": every metric has that one already" : "");
  }
  return {};
}

std::string wrong_with_times(const AlarmInfo& alarm) {
  const seconds period = alarm.period, lasting = lasting_of(alarm);
  const bool short_one = period == seconds(10) || period == seconds(20) || period == seconds(30);
  if (!short_one && (period < minutes(1) || period % minutes(1) != seconds(0)))
    return ".every(" + text(period) + ") will not do: expected 10s, 20s, 30s or whole minutes";
  const seconds most = period >= kLongPeriod ? kLongWindowMax : kWindowMax;
  if (lasting < period || lasting % period != seconds(0) || lasting > most)
    return ".lasting(" + text(lasting) + ") will not do: expected whole periods of " +
           text(period) + ", up to " + text(most);
  return {};
}

std::string wrong_with(const AlarmInfo& alarm, const std::vector<SystemMetric>& sent) {
  if (alarm.conditions.size() != 1)
    return alarm.conditions.empty() ? "has no condition: expected .when(...)"
                                    : "has several conditions: expected one .when(...)";
  const Condition& condition = alarm.conditions.front();
  if (std::string wrong = wrong_with_watched(condition.watched); !wrong.empty()) return wrong;
  if (!std::isfinite(condition.threshold)) return "compares with a number that is not finite";
  if (condition.watched.is_system &&
      std::none_of(sent.begin(), sent.end(),
                   [&](const SystemMetric& each) { return each.name == condition.watched.name; }))
    return "watches " + condition.watched.name +
           ", which is not sent: expected it in system_metrics({.also = ...})";
  if (std::string wrong = wrong_with_times(alarm); !wrong.empty()) return wrong;
  if (alarm.about.size() > kAboutBytesMax)
    return ".about() has " + std::to_string(alarm.about.size()) + " bytes: expected up to 1,024";
  return {};
}

}  // namespace

std::vector<SystemMetric> sent_system_metrics(const metrics::SystemOptions& options) {
  const auto in = [](const std::vector<SystemMetric>& list, const SystemMetric& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  };
  std::vector<SystemMetric> sent;
  for (const SystemMetric& each : metrics::kSystemMetrics) {
    const bool by_default = each.is_on && !options.none && !in(options.without, each);
    if (by_default || in(options.also, each)) sent.push_back(each);
  }
  return sent;
}

std::string wrong_with_system(const metrics::SystemOptions& options) {
  if (options.mounts.size() > kMountsMax)
    return std::to_string(options.mounts.size()) + " mounts are named; there is room for " +
           std::to_string(kMountsMax);
  for (const std::string& mount : options.mounts) {
    if (!mount.starts_with('/') || mount.size() > metrics::kValueMax ||
        !metrics::problem_of_name(mount, metrics::kValueMax).empty())
      return "mount \"" + mount + "\" will not do: expected an absolute path, up to 255 bytes";
  }
  return {};
}

std::vector<AlarmInfo> alarms_of(const ServiceParts& parts) {
  std::vector<AlarmInfo> alarms;
  const std::vector<SystemMetric> sent = sent_system_metrics(parts.system);
  if (parts.options.default_alarms) {
    for (AlarmInfo& alarm : default_alarms()) {
      const bool replaced =
          std::any_of(parts.alarms.begin(), parts.alarms.end(),
                      [&](const AlarmInfo& own) { return own.name == alarm.name; });
      if (!replaced && wrong_with(alarm, sent).empty()) alarms.push_back(std::move(alarm));
    }
  }
  alarms.insert(alarms.end(), parts.alarms.begin(), parts.alarms.end());
  return alarms;
}

std::string wrong_with_alarms(const ServiceParts& parts) {
  const std::vector<SystemMetric> sent = sent_system_metrics(parts.system);
  if (parts.alarms.size() > kAlarmsMax)
    return std::to_string(parts.alarms.size()) + " alarms are declared; there is room for " +
           std::to_string(kAlarmsMax);
  std::set<std::string> names;
  for (const AlarmInfo& alarm : parts.alarms) {
    if (!is_alarm_name(alarm.name))
      return "alarm name \"" + alarm.name +
             "\" will not do: expected a letter, then up to 62 letters and digits";
    if (!names.insert(alarm.name).second) return "alarm \"" + alarm.name + "\" is declared twice";
    if (std::string wrong = wrong_with(alarm, sent); !wrong.empty())
      return "alarm \"" + alarm.name + "\" " + wrong;
  }
  return {};
}

Json alarms_json(const ServiceParts& parts, const Json& environment) {
  Json list = Json::array();
  for (const AlarmInfo& alarm : alarms_of(parts)) {
    const Condition& condition = alarm.conditions.front();
    const Watched& watched = condition.watched;
    Json dimensions = Json::array();
    for (const auto& [name, value] : watched.dimensions)
      dimensions.push_back(Json{{"Name", name}, {"Value", value}});
    dimensions.push_back(Json{{"Name", "Environment"}, {"Value", environment}});
    Json properties{{"Namespace", parts.options.name},
                    {"MetricName", watched.name},
                    {"Dimensions", std::move(dimensions)}};
    if (!alarm.about.empty()) properties["AlarmDescription"] = alarm.about;
    if (watched.statistic == Statistic::kPercentile)
      properties["ExtendedStatistic"] = percentile_of(watched);
    else properties["Statistic"] = name_of(watched.statistic);
    const int64_t periods = lasting_of(alarm) / alarm.period;
    properties["Period"] = alarm.period.count();
    properties["EvaluationPeriods"] = periods;
    properties["DatapointsToAlarm"] = periods;
    properties["Threshold"] = condition.threshold;
    properties["ComparisonOperator"] = name_of(condition.comparison);
    properties["TreatMissingData"] = name_of(alarm.missing);
    list.push_back(Json{{"name", alarm.name},
                        {"about", alarm.about},
                        {"condition", condition_text(alarm)},
                        {"default", alarm.is_default},
                        {"properties", std::move(properties)}});
  }
  return list;
}

Json profile_lines_json(const ServiceParts& parts) {
  Json lines = Json::array();
  for (const AlarmInfo& alarm : alarms_of(parts)) {
    const Condition& condition = alarm.conditions.front();
    const bool above =
        condition.comparison == Comparison::kAbove || condition.comparison == Comparison::kAtLeast;
    if (!condition.watched.is_system || !above) continue;
    lines.push_back(Json{
        {"alarm", alarm.name}, {"metric", condition.watched.name}, {"above", condition.threshold}});
  }
  return lines;
}

Json bill_json(const ServiceParts& parts) {
  const std::vector<SystemMetric> sent = sent_system_metrics(parts.system);
  const auto of_mounts =
      static_cast<size_t>(std::count_if(sent.begin(), sent.end(), [](const SystemMetric& each) {
        return each == metrics::disk_used_percent || each == metrics::disk_inodes_used_percent;
      }));
  const size_t system = sent.size() + of_mounts * parts.system.mounts.size();
  const auto served =
      static_cast<size_t>(std::count_if(parts.operations.begin(), parts.operations.end(),
                                        [](const auto& operation) { return !operation.cli_only; }));
  const size_t operations = served * kOperationMetrics;
  const size_t alarms = alarms_of(parts).size();
  const double price = base::price_of_metrics(system + operations) +
                       base::kPriceOfAlarm * static_cast<double>(alarms);
  return Json{{"system", system},
              {"operations", operations},
              {"metrics", system + operations},
              {"alarms", alarms},
              {"dollars_a_month", std::round(price * 100) / 100}};
}

std::string bill_text(const ServiceParts& parts) {
  const Json bill = bill_json(parts);
  const auto number = [&](const char* of) {
    return std::to_string(bill.find(of)->as_integer().value_or(0));
  };
  char dollars[32];
  snprintf(dollars, sizeof dollars, "%.2f", bill.find("dollars_a_month")->as_number().value_or(0));
  return number("metrics") + " metrics of the machine and the operations and " + number("alarms") +
         " alarms cost about $" + dollars +
         " a month in CloudWatch, however many instances run; metrics of its own come on top.";
}

}  // namespace outrigger::service
