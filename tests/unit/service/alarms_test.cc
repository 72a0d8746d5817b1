// Alarms and system metrics as they are declared: what CloudWatch would refuse is refused at the
// start, what is printed is what it takes.
#include "service/alarms.h"

#include <gtest/gtest.h>

#include <limits>

#include "outrigger/outrigger.h"
#include "service/validate.h"

namespace outrigger::service {
namespace {

Service shop() { return Service{{.name = "shop"}}; }

std::string wrong(const std::function<void(Service&)>& declare) {
  Service service{{.name = "shop"}};
  declare(service);
  return wrong_with(service.parts());
}

const Json* named(const Json& alarms, std::string_view name) {
  for (const Json& each : *alarms.as_array())
    if (*each.find("name")->as_string() == name) return &each;
  return nullptr;
}

TEST(Alarms, have_the_properties_of_a_cloudwatch_alarm) {
  Service service{{.name = "shop"}};
  service.alarm("SlowOrders")
      .when(metrics::named("OrderTime", {{"Kind", "express"}}).percentile(99.9) >= 2.5)
      .lasting(10min)
      .every(2min)
      .about("Orders take long.")
      .when_missing(Missing::kUnknown);
  ASSERT_EQ(wrong_with(service.parts()), "");
  const Json alarms = alarms_json(service.parts(), Json{{"Ref", "Environment"}});
  const Json* const alarm = named(alarms, "SlowOrders");
  ASSERT_NE(alarm, nullptr);
  EXPECT_EQ(
      alarm->dump(),
      R"({"name":"SlowOrders","about":"Orders take long.",)"
      R"("condition":"p99.9 of OrderTime Kind=express >= 2.5 for 10m","default":false,)"
      R"("properties":{"Namespace":"shop","MetricName":"OrderTime","Dimensions":[)"
      R"({"Name":"Kind","Value":"express"},{"Name":"Environment","Value":{"Ref":"Environment"}}],)"
      R"("AlarmDescription":"Orders take long.","ExtendedStatistic":"p99.9","Period":120,)"
      R"("EvaluationPeriods":5,"DatapointsToAlarm":5,"Threshold":2.5,)"
      R"("ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"missing"}})");
}

TEST(Alarms, above_system_metrics_draw_lines_for_profiles) {
  Service service = shop();
  service.alarm("HighMemory").when(metrics::memory_used_percent >= 70);
  service.alarm("Large").when(metrics::service_memory > 1e9);
  service.alarm("Idle").when(metrics::service_cpu_percent < 1).lasting(10min);
  service.alarm("MemoryUsed").when(metrics::named("MemoryUsed").sum() > 3);
  ASSERT_EQ(wrong_with(service.parts()), "");
  EXPECT_EQ(profile_lines_json(service.parts()).dump(),
            R"([{"alarm":"HighCpu","metric":"CpuUsed","above":90},)"
            R"({"alarm":"DiskFull","metric":"DiskUsed","above":85},)"
            R"({"alarm":"FilesRunOut","metric":"OpenFiles","above":80},)"
            R"({"alarm":"ErrorLogs","metric":"ErrorLogs","above":0},)"
            R"({"alarm":"HighMemory","metric":"MemoryUsed","above":70},)"
            R"({"alarm":"Large","metric":"ServiceMemory","above":1000000000}])");
  const Service without{{.name = "shop", .default_alarms = false}};
  EXPECT_EQ(profile_lines_json(without.parts()).dump(), "[]");
}

TEST(Alarms, are_there_without_a_line_of_code) {
  const Service service = shop();
  const Json alarms = alarms_json(service.parts(), "production");
  EXPECT_EQ(alarms.size(), 6u);
  const Json* const memory = named(alarms, "HighMemory");
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(*memory->find("condition")->as_string(), "Maximum of MemoryUsed > 85 for 5m");
  const Json* const health = named(alarms, "Unhealthy");
  ASSERT_NE(health, nullptr);
  EXPECT_EQ(*health->find("properties")->find("TreatMissingData")->as_string(), "breaching");
  EXPECT_EQ(health->find("properties")->find("EvaluationPeriods")->as_integer(), 3);
}

TEST(Alarms, a_default_one_gives_way) {
  Service service{{.name = "shop"}};
  service.alarm("HighMemory").when(metrics::memory_used_percent > 70).lasting(2min);
  const Json alarms = alarms_json(service.parts(), "");
  EXPECT_EQ(alarms.size(), 6u);
  EXPECT_EQ(named(alarms, "HighMemory")->find("properties")->find("Threshold")->as_number(), 70);
  Service without{{.name = "shop", .default_alarms = false}};
  EXPECT_EQ(alarms_json(without.parts(), "").size(), 0u);
  Service no_disk{{.name = "shop"}};
  no_disk.system_metrics({.without = {metrics::disk_used_percent}});
  EXPECT_EQ(named(alarms_json(no_disk.parts(), ""), "DiskFull"), nullptr);
}

TEST(Alarms, what_cloudwatch_would_refuse_is_one_sentence) {
  const auto condition = metrics::named("Orders").sum() > 5;
  const auto with = [&](metrics::Condition other) {
    return wrong([&](Service& s) { s.alarm("A").when(other); });
  };
  EXPECT_EQ(with(condition), "");
  EXPECT_EQ(wrong([&](Service& s) { s.alarm("High memory").when(condition); }),
            "alarm name \"High memory\" will not do: expected a letter, then up to 62 letters and "
            "digits");
  EXPECT_EQ(wrong([&](Service& s) {
              s.alarm("A").when(condition);
              s.alarm("A").when(condition);
            }),
            "alarm \"A\" is declared twice");
  EXPECT_EQ(wrong([&](Service& s) { s.alarm("A"); }),
            "alarm \"A\" has no condition: expected .when(...)");
  EXPECT_EQ(wrong([&](Service& s) { s.alarm("A").when(condition).when(condition); }),
            "alarm \"A\" has several conditions: expected one .when(...)");
  EXPECT_EQ(with(metrics::named("Orders") > 5),
            "alarm \"A\" does not say how the values of Orders become one: expected .sum(), "
            ".average(), .minimum(), .maximum(), .samples() or .percentile(99) behind it");
  EXPECT_NE(with(metrics::named(":Orders").sum() > 5).find("whose name will not do"),
            std::string::npos);
  EXPECT_NE(with(metrics::named("Orders").sum() > std::numeric_limits<double>::infinity())
                .find("a number that is not finite"),
            std::string::npos);
  for (const double bad : {0.0, 100.5, 99.999, -1.0})
    EXPECT_NE(with(metrics::named("T").percentile(bad) > 1).find("watches percentile"),
              std::string::npos);
  for (const double good : {100.0, 50.0, 99.99, 0.1})
    EXPECT_EQ(with(metrics::named("T").percentile(good) > 1), "");
  EXPECT_NE(
      with(metrics::named("O", {{"Environment", "x"}}).sum() > 1).find("has that one already"),
      std::string::npos);
  EXPECT_EQ(with(metrics::keeper_memory > 1e8),
            "alarm \"A\" watches KeeperMemory, which is not sent: expected it in "
            "system_metrics({.also = ...})");
  const auto timed = [&](std::chrono::seconds period, std::chrono::seconds lasting) {
    return wrong([&](Service& s) { s.alarm("A").when(condition).every(period).lasting(lasting); });
  };
  EXPECT_EQ(timed(10s, 30s), "");
  EXPECT_EQ(timed(60s, 24h), "");
  EXPECT_EQ(timed(1h, 24h * 7), "");
  EXPECT_EQ(timed(15s, 30s),
            "alarm \"A\" .every(15s) will not do: expected 10s, 20s, 30s or whole minutes");
  EXPECT_EQ(timed(90s, 90s),
            "alarm \"A\" .every(1m30s) will not do: expected 10s, 20s, 30s or whole minutes");
  EXPECT_NE(timed(60s, 90s), "");
  EXPECT_NE(timed(60s, 24h + 60s), "");
  EXPECT_NE(timed(1h, 24h * 8), "");
  EXPECT_NE(wrong([&](Service& s) { s.alarm("A").when(condition).about(std::string(1025, 'x')); }),
            "");
}

TEST(SystemMetrics, the_default_set_costs_what_the_documentation_says) {
  const Service service = shop();
  const auto sent = sent_system_metrics(service.parts().system);
  EXPECT_EQ(sent.size(), 10u);
  EXPECT_LE(sent.size(), 12u);
  EXPECT_EQ(bill_json(service.parts()).dump(),
            R"({"system":10,"operations":0,"metrics":10,"alarms":6,"dollars_a_month":3.6})");
  EXPECT_EQ(bill_text(service.parts()),
            "10 metrics of the machine and the operations and 6 alarms cost about $3.60 a month in "
            "CloudWatch, however many instances run; metrics of its own come on top.");
}

TEST(SystemMetrics, one_line_changes_what_is_sent) {
  Service service{{.name = "shop"}};
  service.operation("greet", "Greets.").does([]() -> Result<Json> { return Json{}; });
  service.system_metrics({.also = {metrics::threads, metrics::keeper_memory},
                          .without = {metrics::network_sent},
                          .mounts = {"/data", "/var"}});
  EXPECT_EQ(wrong_with(service.parts()), "");
  EXPECT_EQ(bill_json(service.parts()).find("system")->as_integer(), 10 + 2 - 1 + 2);
  EXPECT_EQ(bill_json(service.parts()).find("operations")->as_integer(), 3);
  EXPECT_EQ(sent_system_metrics({.also = {metrics::threads}, .none = true}).size(), 1u);
  EXPECT_EQ(wrong([](Service& s) { s.system_metrics({.mounts = {"data"}}); }),
            "mount \"data\" will not do: expected an absolute path, up to 255 bytes");
}

}  // namespace
}  // namespace outrigger::service
