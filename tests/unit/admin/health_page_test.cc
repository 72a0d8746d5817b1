#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>

#include "admin/pages.h"

namespace outrigger::admin {
namespace {

HealthReport full_report() {
  HealthReport report;
  report.service = "prober";
  report.version = "1.1.ab41cd0";
  report.environment = "local";
  report.instance = "devbox";
  report.started_ns = 1'000'000'000'000'000'000;
  report.now_ns = report.started_ns + 3'725'900'000'000;
  report.process = {.pid = 4711,
                    .state = ProcessState::kRunning,
                    .beat_age_ms = 120,
                    .beat_name = "server",
                    .ended = ""};
  report.checks = {{.name = "targets",
                    .status = Status::kWarn,
                    .pending = false,
                    .output = "one is slow",
                    .time_ns = report.now_ns,
                    .duration_ms = 12.5,
                    .critical = true,
                    .gates_readiness = false}};
  report.logs = {{.time_ns = report.now_ns,
                  .level = Level::kError,
                  .message = "no \"answer\" from <b>x</b>\n\xff",
                  .source = "main.cc:41",
                  .fields = {{"url", std::string("http://x/")},
                             {"ms", 12.25},
                             {"tries", int64_t{-3}},
                             {"big", std::numeric_limits<uint64_t>::max()},
                             {"ok", false},
                             {"bad", std::numeric_limits<double>::quiet_NaN()}}}};
  report.metrics = {{.time_ns = report.now_ns,
                     .name = "Probes",
                     .value = 3,
                     .unit = "Count",
                     .dimensions = {{"Target", "x"}}}};
  report.shipped_logs = {.sent = 10, .pending = 2, .dropped = 1, .retries = 0, .last_error = ""};
  report.dropped_by_level[2] = 1;
  report.keeper = {.pid = 4712, .restarts = 1, .last_end = "killed by signal 9 (SIGKILL)"};
  report.warnings = {"1 entry was dropped"};
  return report;
}

boost::json::object parsed(const http::ServerResponse& response) {
  return boost::json::parse(response.body).as_object();
}

TEST(HealthJson, has_the_contract_s_names) {
  const auto response = health_json(full_report(), Trust::kInsider);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  const auto page = parsed(response);
  EXPECT_EQ(page.at("status"), "warn");
  EXPECT_EQ(page.at("service"), "prober");
  EXPECT_EQ(page.at("version"), "1.1.ab41cd0");
  EXPECT_EQ(page.at("environment"), "local");
  EXPECT_EQ(page.at("instance"), "devbox");
  EXPECT_EQ(page.at("started"), "2001-09-09T01:46:40.000Z");
  EXPECT_EQ(page.at("uptime_seconds"), 3725);
  const auto& process = page.at("process").as_object();
  EXPECT_EQ(process.at("pid"), 4711);
  EXPECT_EQ(process.at("state"), "running");
  EXPECT_EQ(process.at("beat_age_ms"), 120);
  const auto& check = page.at("checks").at(0).as_object();
  EXPECT_EQ(check.at("name"), "targets");
  EXPECT_EQ(check.at("status"), "warn");
  EXPECT_EQ(check.at("output"), "one is slow");
  EXPECT_EQ(check.at("time"), "2001-09-09T02:48:45.900Z");
  EXPECT_EQ(check.at("duration_ms"), 12.5);
  EXPECT_EQ(check.at("critical"), true);
  const auto& metric = page.at("metrics").at(0).as_object();
  EXPECT_EQ(metric.at("name"), "Probes");
  EXPECT_EQ(metric.at("value").to_number<double>(), 3);
  EXPECT_EQ(metric.at("unit"), "Count");
  EXPECT_EQ(metric.at("dimensions").at("Target"), "x");
  const auto& shipping = page.at("shipping").at("logs").as_object();
  for (const char* name : {"sent", "pending", "dropped", "retries", "last_error"}) {
    EXPECT_TRUE(shipping.contains(name)) << name;
    EXPECT_TRUE(page.at("shipping").at("metrics").as_object().contains(name)) << name;
  }
  EXPECT_EQ(shipping.at("sent"), 10);
  EXPECT_EQ(page.at("dropped_by_level").at("INFO"), 1);
  EXPECT_EQ(page.at("keeper").at("pid"), 4712);
  EXPECT_EQ(page.at("keeper").at("restarts"), 1);
}

TEST(HealthJson, has_a_metric_s_last_hour) {
  HealthReport report = full_report();
  report.metrics[0].history = {1.5, std::numeric_limits<double>::quiet_NaN(), 3};
  const auto page = parsed(health_json(report, Trust::kInsider));
  EXPECT_EQ(page.at("metrics").at(0).at("history"), boost::json::parse("[1.5,null,3]"));
}

TEST(HealthJson, shows_log_entries_with_their_fields_as_they_were) {
  const auto page = parsed(health_json(full_report(), Trust::kInsider));
  const auto& entry = page.at("logs").at(0).as_object();
  EXPECT_EQ(entry.at("level"), "ERROR");
  EXPECT_EQ(entry.at("message"), "no \"answer\" from <b>x</b>\n\xef\xbf\xbd");
  EXPECT_EQ(entry.at("source"), "main.cc:41");
  const auto& fields = entry.at("fields").as_object();
  EXPECT_EQ(fields.at("url"), "http://x/");
  EXPECT_EQ(fields.at("ms"), 12.25);
  EXPECT_EQ(fields.at("tries"), -3);
  EXPECT_EQ(fields.at("big"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(fields.at("ok"), false);
  EXPECT_TRUE(fields.at("bad").is_null());
}

TEST(HealthJson, tells_a_stranger_no_more_than_the_contract_allows) {
  const auto page = parsed(health_json(full_report(), Trust::kStranger));
  EXPECT_EQ(page.size(), 3u);
  EXPECT_EQ(page.at("status"), "warn");
  EXPECT_EQ(page.at("version"), "1.1.ab41cd0");
  const auto& check = page.at("checks").at(0).as_object();
  EXPECT_EQ(check.size(), 2u);
  EXPECT_EQ(check.at("name"), "targets");
  EXPECT_EQ(check.at("status"), "warn");
}

TEST(HealthJson, is_503_when_failing) {
  HealthReport report = full_report();
  report.process.state = ProcessState::kUnresponsive;
  EXPECT_EQ(health_json(report, Trust::kInsider).status, 503);
  EXPECT_EQ(health_html(report, Trust::kInsider).status, 503);
  EXPECT_EQ(parsed(health_json(report, Trust::kInsider)).at("status"), "fail");
}

TEST(HealthJson, says_when_nothing_beats) {
  HealthReport report = full_report();
  report.process.beat_age_ms.reset();
  const auto page = parsed(health_json(report, Trust::kInsider));
  EXPECT_TRUE(page.at("process").at("beat_age_ms").is_null());
  EXPECT_EQ(page.at("process").at("beat"), "process-level only");
}

TEST(HealthJson, an_empty_report_is_a_page_too) {
  const auto page = parsed(health_json(HealthReport{}, Trust::kInsider));
  EXPECT_EQ(page.at("uptime_seconds"), 0);
  EXPECT_TRUE(page.at("started").is_null());
  EXPECT_TRUE(page.at("logs").as_array().empty());
}

TEST(HealthHtml, lets_no_entry_become_markup) {
  HealthReport report = full_report();
  report.service = "<script>alert('1')</script>";
  report.checks[0].output = "<img src=x onerror=\"y\">";
  const auto response = health_html(report, Trust::kInsider);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(response.body.find("<script>"), std::string::npos);
  EXPECT_EQ(response.body.find("<img"), std::string::npos);
  EXPECT_EQ(response.body.find("<b>"), std::string::npos);
  EXPECT_NE(response.body.find("&lt;b&gt;x&lt;/b&gt;"), std::string::npos);
}

TEST(HealthHtml, brings_its_state_along_and_runs_nothing_from_elsewhere) {
  const auto response = health_html(full_report(), Trust::kInsider);
  const auto begin = response.body.find("<pre id=\"state\"");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_NE(response.body.find("&quot;service&quot;: &quot;prober&quot;", begin),
            std::string::npos);
  EXPECT_EQ(response.body.find("{{state}}"), std::string::npos);
  EXPECT_EQ(response.body.find("://", 0), response.body.find("://x/")) << "an address of another";
  std::string policy;
  for (const auto& [name, value] : response.headers)
    if (name == "Content-Security-Policy") policy = value;
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self';")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
}

TEST(HealthHtml, tells_a_stranger_no_more_than_the_json_does) {
  const std::string body = health_html(full_report(), Trust::kStranger).body;
  for (const char* secret : {"prober", "devbox", "4711", "one is slow", "main.cc", "answer"}) {
    EXPECT_EQ(body.find(secret), std::string::npos) << secret;
  }
  EXPECT_NE(body.find("targets"), std::string::npos);
  EXPECT_NE(body.find("1.1.ab41cd0"), std::string::npos);
}

TEST(Livez, is_one_word) {
  const auto body = [](ProcessState state, int status) {
    const auto response = livez({state});
    EXPECT_EQ(response.status, status) << name_of(state);
    return response.body;
  };
  EXPECT_EQ(body(ProcessState::kStarting, 200), "alive\n");
  EXPECT_EQ(body(ProcessState::kRunning, 200), "alive\n");
  EXPECT_EQ(body(ProcessState::kDraining, 200), "alive\n");
  EXPECT_EQ(body(ProcessState::kDebugged, 200), "alive\n");
  EXPECT_EQ(body(ProcessState::kUnresponsive, 503), "unresponsive\n");
  EXPECT_EQ(body(ProcessState::kExited, 503), "exited\n");
}

TEST(Readyz, wants_a_started_process_that_is_not_draining_and_its_gates) {
  EXPECT_EQ(readyz({ProcessState::kRunning, true}).status, 200);
  EXPECT_EQ(readyz({ProcessState::kDebugged, true}).status, 200);
  EXPECT_EQ(readyz({ProcessState::kRunning, false}).body, "failing\n");
  EXPECT_EQ(readyz({ProcessState::kStarting, true}).body, "starting\n");
  EXPECT_EQ(readyz({ProcessState::kDraining, true}).body, "draining\n");
  for (const auto state : {ProcessState::kStarting, ProcessState::kDraining,
                           ProcessState::kUnresponsive, ProcessState::kExited}) {
    EXPECT_EQ(readyz({state, true}).status, 503) << name_of(state);
  }
}

TEST(ConfigPage, masks_secrets) {
  const auto response = config_page(
      {.environment = "prod",
       .environment_why = "tag Environment of the instance",
       .age_s = 5,
       .place = {{"region", "eu-west-1"}},
       .settings = {{.name = "Greeting", .value = "Hi", .from = "default", .secret = false},
                    {.name = "Token",
                     .value = "hunter2",
                     .from = "tag",
                     .secret = true,
                     .shadowed = {{"hunter1", "hard-coded default"}}}},
       .notes = {"ec2:DescribeTags: denied"},
       .actions = {"ssm:GetParameters"}});
  EXPECT_EQ(response.body.find("hunter2"), std::string::npos);
  const auto page = parsed(response);
  EXPECT_EQ(page.at("settings").at(0).at("value"), "Hi");
  EXPECT_EQ(page.at("settings").at(1).at("value"), "***");
  EXPECT_EQ(page.at("settings").at(1).at("from"), "tag");
}

}  // namespace
}  // namespace outrigger::admin
