#include "metrics.h"

#include <time.h>

#include <charconv>
#include <cmath>

namespace outrigger::emulator {
namespace {

constexpr double kValueMax = 0x1p360;
constexpr int64_t kOldestS = 14 * 24 * 3600;
constexpr int64_t kNewestS = 2 * 3600;
constexpr std::string_view kUnits[] = {"Seconds",
                                       "Microseconds",
                                       "Milliseconds",
                                       "Bytes",
                                       "Kilobytes",
                                       "Megabytes",
                                       "Gigabytes",
                                       "Terabytes",
                                       "Bits",
                                       "Kilobits",
                                       "Megabits",
                                       "Gigabits",
                                       "Terabits",
                                       "Percent",
                                       "Count",
                                       "Bytes/Second",
                                       "Kilobytes/Second",
                                       "Megabytes/Second",
                                       "Gigabytes/Second",
                                       "Terabytes/Second",
                                       "Bits/Second",
                                       "Kilobits/Second",
                                       "Megabits/Second",
                                       "Gigabits/Second",
                                       "Terabits/Second",
                                       "Count/Second",
                                       "None"};

// "MetricData.member.3.Dimensions.member.1.Name" into the place that it means.
void put_at(json::value& place, std::string_view path, const std::string& text) {
  json::value* at = &place;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (name == "member") continue;
    size_t index = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), index).ptr ==
            name.data() + name.size() &&
        index > 0 && index <= 100'000) {
      if (!at->is_array()) *at = json::array();
      if (at->get_array().size() < index) at->get_array().resize(index);
      at = &at->get_array()[index - 1];
    } else {
      if (!at->is_object()) *at = json::object();
      at = &at->get_object()[{name.data(), name.size()}];
    }
  }
  *at = text;
}

std::optional<double> number_of(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->to_number<double>();
  if (!value->is_string()) return std::nullopt;
  double number = 0;
  const json::string& text = value->get_string();
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number).ptr != end) return std::nullopt;
  return number;
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

const json::array& list_of(const json::object& object, std::string_view name) {
  static const json::array kNone;
  const json::value* const value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

bool is_fit(double value) { return std::isfinite(value) && std::fabs(value) <= kValueMax; }

}  // namespace

Answer Metrics::answer(const Call& call) {
  if (call.operation != "PutMetricData") {
    violations_.note("operation", "monitoring " + call.operation);
    return refuse(call, "InvalidAction", "the emulator does not know " + call.operation);
  }
  const bool is_json = call.protocol == Protocol::kJson;
  if (!quota_.take())
    return refuse(call, is_json ? "ThrottlingException" : "Throttling", "Rate exceeded");
  json::value in = json::object();
  if (is_json) {
    json::error_code error;
    const std::string_view content = call.text;
    in = json::parse({content.data(), content.size()}, error);
    if (error || !in.is_object()) {
      violations_.note("json", "monitoring PutMetricData");
      return refuse(call, "SerializationException", "the body is no JSON object");
    }
  } else {
    for (const auto& [name, value] : call.form) {
      if (name != "Action" && name != "Version") put_at(in, name, value);
    }
  }
  if (auto refused = judge(call, in.get_object())) return std::move(*refused);
  take(in.get_object(), call.text.size());
  if (is_json) return json_answer(json::object{});
  return xml_answer(
      "<PutMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
      "<ResponseMetadata><RequestId>" +
      random_hex(32) + "</RequestId></ResponseMetadata></PutMetricDataResponse>");
}

std::optional<Answer> Metrics::judge(const Call& call, const json::object& in) {
  std::string problem;
  const std::string_view name_space = text_of(in, "Namespace");
  const json::array& data = list_of(in, "MetricData");
  if (call.body.size() > kPostBytesMax || call.text.size() > kPostBytesMax)
    problem = "the request is larger than 1 MB";
  else if (name_space.empty() || name_space.size() > kNameBytesMax ||
           name_space.starts_with("AWS/"))
    problem = "Namespace \"" + std::string(name_space) + "\"";
  else if (data.empty() && list_of(in, "EntityMetricData").empty())
    problem = "MetricData has no member";
  else if (data.size() > kMetricsMax)
    problem = std::to_string(data.size()) + " metrics, 1000 are allowed";
  for (const json::value& each : data) {
    if (!problem.empty()) break;
    problem = each.is_object() ? judge_datum(each.get_object()) : "a datum is no object";
  }
  if (problem.empty()) return std::nullopt;
  violations_.note("metrics", "PutMetricData: " + problem);
  return refuse(
      call,
      call.protocol == Protocol::kJson ? "InvalidParameterValueException" : "InvalidParameterValue",
      problem);
}

std::string Metrics::judge_datum(const json::object& datum) const {
  const std::string_view name = text_of(datum, "MetricName");
  const std::string where = "metric \"" + std::string(name) + "\": ";
  if (name.empty() || name.size() > kNameBytesMax) return where + "its name";
  const json::array& dimensions = list_of(datum, "Dimensions");
  if (dimensions.size() > kDimensionsMax) return where + "more than 30 dimensions";
  for (const json::value& each : dimensions) {
    if (!each.is_object()) return where + "a dimension is no object";
    const std::string_view dimension = text_of(each.get_object(), "Name");
    const std::string_view value = text_of(each.get_object(), "Value");
    if (dimension.empty() || dimension.size() > 255 || dimension.front() == ':' || value.empty() ||
        value.size() > 1024)
      return where + "a dimension's name or value";
  }
  const std::string_view unit = text_of(datum, "Unit");
  if (!unit.empty() && std::find(std::begin(kUnits), std::end(kUnits), unit) == std::end(kUnits))
    return where + "unit " + std::string(unit);
  const json::value* const resolution = datum.if_contains("StorageResolution");
  if (resolution != nullptr) {
    const double seconds = number_of(resolution).value_or(0);
    if (seconds != 1 && seconds != 60) return where + "StorageResolution is neither 1 nor 60";
  }
  const json::array& values = list_of(datum, "Values");
  const json::array& counts = list_of(datum, "Counts");
  const json::value* const value = datum.if_contains("Value");
  const json::value* const set = datum.if_contains("StatisticValues");
  if ((value != nullptr) + (set != nullptr) + !values.empty() != 1)
    return where + "one of Value, Values, StatisticValues";
  if (values.size() > kValuesMax) return where + "more than 150 Values";
  if (!counts.empty() && counts.size() != values.size()) return where + "Counts unlike Values";
  if (value != nullptr && !is_fit(number_of(value).value_or(NAN))) return where + "its value";
  for (const json::value& each : values) {
    if (!is_fit(number_of(&each).value_or(NAN))) return where + "a value";
  }
  for (const json::value& each : counts) {
    const double count = number_of(&each).value_or(NAN);
    if (!is_fit(count) || count < 0) return where + "a count";
  }
  if (set != nullptr) {
    if (!set->is_object()) return where + "StatisticValues is no object";
    const auto part = [&](const char* of) {
      return number_of(set->get_object().if_contains(of)).value_or(NAN);
    };
    if (!is_fit(part("SampleCount")) || part("SampleCount") <= 0 || !is_fit(part("Sum")) ||
        !is_fit(part("Minimum")) || !is_fit(part("Maximum")) || part("Minimum") > part("Maximum"))
      return where + "StatisticValues";
  }
  const json::value* const stamp = datum.if_contains("Timestamp");
  if (stamp == nullptr) return {};
  int64_t seconds = 0;
  if (stamp->is_string()) {
    tm parts{};
    if (strptime(stamp->get_string().c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr)
      return where + "its timestamp";
    seconds = timegm(&parts);
  } else {
    seconds = static_cast<int64_t>(number_of(stamp).value_or(0));
  }
  const int64_t now = clock_.now_s();
  if (seconds < now - kOldestS || seconds > now + kNewestS)
    return where + "its timestamp is out of range";
  return {};
}

void Metrics::take(const json::object& in, size_t bytes) {
  const std::lock_guard lock(mutex_);
  ++posts_;
  bytes_max_ = std::max(bytes_max_, bytes);
  members_max_ = std::max(members_max_, list_of(in, "MetricData").size());
  for (const json::value& each : list_of(in, "MetricData")) {
    ++datums_;
    json::object datum = each.get_object();
    datum["Namespace"] = text_of(in, "Namespace");
    double count = 1, sum = 0;
    if (const auto value = number_of(datum.if_contains("Value"))) {
      sum = *value;
    } else if (const json::value* const set = datum.if_contains("StatisticValues")) {
      count = number_of(set->get_object().if_contains("SampleCount")).value_or(0);
      sum = number_of(set->get_object().if_contains("Sum")).value_or(0);
    } else {
      const json::array& values = list_of(datum, "Values");
      const json::array& counts = list_of(datum, "Counts");
      count = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        const double times = i < counts.size() ? number_of(&counts[i]).value_or(1) : 1;
        count += times;
        sum += times * number_of(&values[i]).value_or(0);
      }
    }
    std::string key(text_of(datum, "Namespace"));
    key.append(" ").append(text_of(datum, "MetricName"));
    for (const json::value& dimension : list_of(datum, "Dimensions"))
      key.append(" ")
          .append(text_of(dimension.get_object(), "Name"))
          .append("=")
          .append(text_of(dimension.get_object(), "Value"));
    values_max_ = std::max(values_max_, list_of(datum, "Values").size());
    dimensions_max_ = std::max(dimensions_max_, list_of(datum, "Dimensions").size());
    sums_[key].first += count;
    sums_[key].second += sum;
    if (kept_.size() < kKeptMax) kept_.push_back(std::move(datum));
  }
}

json::object Metrics::report() const {
  const std::lock_guard lock(mutex_);
  json::object sums;
  for (const auto& [key, both] : sums_)
    sums[key] = json::object{{"count", both.first}, {"sum", both.second}};
  return {{"posts", posts_},
          {"datums", datums_},
          {"distinct", sums_.size()},
          {"largest", json::object{{"bytes", bytes_max_},
                                   {"members", members_max_},
                                   {"values", values_max_},
                                   {"dimensions", dimensions_max_}}},
          {"sums", std::move(sums)},
          {"kept", kept_}};
}

void Metrics::clear() {
  const std::lock_guard lock(mutex_);
  posts_ = datums_ = 0;
  bytes_max_ = members_max_ = values_max_ = dimensions_max_ = 0;
  kept_.clear();
  sums_.clear();
}

}  // namespace outrigger::emulator
