#include "delivery/stack_alarms.h"

#include "json/read.h"

namespace outrigger::delivery {
namespace {

// Of a dashboard's grid
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
constexpr int kColumns = 24;
constexpr int kWidth = 8;
constexpr int kHeight = 6;

// "${Environment}" for {"Ref": "Environment"}: the dashboard's body is one text.
Json as_text(const Json& value) {
  const Json* reference = value.find("Ref");
  return reference != nullptr && reference->as_string() != nullptr
             ? Json("${" + *reference->as_string() + "}")
             : value;
}

// [namespace, metric, dimension, value ..., {"stat": ...}]
Json metric_of(const Json& properties) {
  Json metric = Json::array({*properties.find("Namespace"), *properties.find("MetricName")});
  if (const Json* dimensions = properties.find("Dimensions")) {
    for (const Json& each : *dimensions->as_array()) {
      metric.push_back(*each.find("Name"));
      metric.push_back(as_text(*each.find("Value")));
    }
  }
  const Json* statistic = properties.find("Statistic");
  if (statistic == nullptr) statistic = properties.find("ExtendedStatistic");
  metric.push_back(Json{{"stat", *statistic}, {"period", *properties.find("Period")}});
  return metric;
}

class Dashboard {
 public:
  void add(std::string_view type, int width, Json properties) {
    if (x_ + width > kColumns) {
      x_ = 0;
      y_ += kHeight;
    }
    widgets_.push_back(Json{{"type", type},
                            {"x", x_},
                            {"y", y_},
                            {"width", width},
                            {"height", kHeight},
                            {"properties", std::move(properties)}});
    x_ += width;
  }
  Json take() {
    return Json{{"Type", "AWS::CloudWatch::Dashboard"},
                {"Properties",
                 Json{{"DashboardName", Json{{"Fn::Sub", "${AWS::StackName}-${AWS::Region}"}}},
                      {"DashboardBody",
                       Json{{"Fn::Sub", Json{{"widgets", std::move(widgets_)}}.dump()}}}}}};
  }

 private:
  Json widgets_ = Json::array();
  int x_ = 0;
  int y_ = 0;
};

Json picture_of(const std::string& name, const Json& alarm, const Json& properties) {
  return Json{
      {"title", name + ": " + *alarm.find("condition")->as_string()},
      {"view", "timeSeries"},
      {"region", "${AWS::Region}"},
      {"metrics", Json::array({metric_of(properties)})},
      {"annotations",
       Json{{"horizontal", Json::array({Json{{"value", *properties.find("Threshold")}}})}}}};
}

std::string arn_of(const std::string& name) {
  return "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
         "${AWS::StackName}-" +
         name;
}

}  // namespace

Result<void> add_alarms(const Facts& facts, Json& stack) {
  const auto alarms = json::read(facts.alarms);
  if (!alarms) return alarms.error();
  const Json topic = Json::array({Json{{"Ref", "AlarmTopic"}}});
  Json arns = Json::array({arn_of("ErrorsInLog")});
  Dashboard dashboard;
  Json& resources = stack["Resources"];
  Json pictures = Json::array();
  for (const Json& alarm : *alarms->as_array()) {
    const std::string& name = *alarm.find("name")->as_string();
    // The log group's own filter counts them as well, and those of a service that sends no metrics.
    const Json* is_default = alarm.find("default");
    if (name == "ErrorLogs" && is_default != nullptr && *is_default == Json(true)) continue;
    Json properties{{"AlarmName", Json{{"Fn::Sub", "${AWS::StackName}-" + name}}}};
    for (const Json::Member& member : *alarm.find("properties")->as_object())
      properties[member.name] = member.value;
    properties["AlarmActions"] = topic;
    properties["OKActions"] = topic;
    pictures.push_back(picture_of(name, alarm, properties));
    resources["Alarm" + name] =
        Json{{"Type", "AWS::CloudWatch::Alarm"}, {"Properties", std::move(properties)}};
    arns.push_back(arn_of(name));
  }
  dashboard.add("alarm", kColumns, Json{{"title", "Alarms"}, {"alarms", std::move(arns)}});
  for (const Json& each : *pictures.as_array()) dashboard.add("metric", kWidth, each);
  dashboard.add("log", kColumns,
                Json{{"title", "Warnings and errors"},
                     {"region", "${AWS::Region}"},
                     {"view", "table"},
                     {"query",
                      "SOURCE '${LogGroup}' | fields @timestamp, level, message, source | filter "
                      "level in ['WARN', 'ERROR', 'FATAL'] | sort @timestamp desc | limit 50"}});
  resources["Dashboard"] = dashboard.take();
  return {};
}

}  // namespace outrigger::delivery
