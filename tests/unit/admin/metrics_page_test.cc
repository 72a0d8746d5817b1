#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "admin/pages.h"

namespace outrigger::admin {
namespace {

Metric counter(std::string name, double value,
               std::vector<std::pair<std::string, std::string>> labels = {}) {
  return {.name = std::move(name),
          .help = "",
          .kind = MetricKind::kCounter,
          .labels = std::move(labels),
          .value = value};
}
// Without the lines that say for want of a help text what the metric is called.
std::string page(const std::vector<Metric>& metrics, MetricsFormat format) {
  std::istringstream lines(metrics_page(metrics, format).body);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ") && line.find(" The metric ") != std::string::npos) continue;
    text.append(line).append("\n");
  }
  return text;
}
std::string prometheus(const std::vector<Metric>& metrics) {
  return page(metrics, MetricsFormat::kPrometheus);
}

TEST(MetricsPage, writes_counters_and_gauges) {
  Metric probes = counter("Probes", 3);
  probes.help = "URLs probed";
  Metric depth{
      .name = "queue_depth", .help = "", .kind = MetricKind::kGauge, .labels = {}, .value = 1.5};
  EXPECT_EQ(prometheus({probes, depth}),
            "# HELP probes_total URLs probed\n# TYPE probes_total counter\nprobes_total 3\n"
            "# TYPE queue_depth gauge\nqueue_depth 1.5\n");
}

TEST(MetricsPage, names_the_family_in_openmetrics_and_ends_it) {
  const auto response = metrics_page({counter("Probes", 3)}, MetricsFormat::kOpenMetrics);
  EXPECT_EQ(page({counter("Probes", 3)}, MetricsFormat::kOpenMetrics),
            "# TYPE probes counter\nprobes_total 3\n# EOF\n");
  EXPECT_EQ(response.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(MetricsPage, puts_one_name_s_values_together) {
  EXPECT_EQ(prometheus({counter("a", 1, {{"level", "info"}}), counter("b", 2),
                        counter("a", 3, {{"level", "warn"}})}),
            "# TYPE a_total counter\na_total{level=\"info\"} 1\na_total{level=\"warn\"} 3\n"
            "# TYPE b_total counter\nb_total 2\n");
}

TEST(MetricsPage, names_things_as_scrapers_expect) {
  const auto name = [](std::string given) {
    const std::string text = prometheus({counter(std::move(given), 0)});
    return text.substr(7, text.find(' ', 7) - 7);
  };
  EXPECT_EQ(name("ProbeFailures"), "probe_failures_total");
  EXPECT_EQ(name("HTTPRequests"), "http_requests_total");
  EXPECT_EQ(name("Ops2Done"), "ops2_done_total");
  EXPECT_EQ(name("already_snake"), "already_snake_total");
  EXPECT_EQ(name("Grüße"), "gr____e_total");
  EXPECT_EQ(name(""), "__total");
}

TEST(MetricsPage, says_the_unit_once_and_in_base_units) {
  const auto shown = [](std::string name, std::string unit, double value) {
    Metric gauge{std::move(name), "h", MetricKind::kGauge, {}, value, std::move(unit)};
    const std::string text = prometheus({gauge});
    return text.substr(text.find("gauge\n") + 6);
  };
  EXPECT_EQ(shown("ProbeTime", "Milliseconds", 1500), "probe_time_seconds 1.5\n");
  EXPECT_EQ(shown("ProbeTimeMs", "Milliseconds", 1500), "probe_time_seconds 1.5\n");
  EXPECT_EQ(shown("WaitSeconds", "Seconds", 2), "wait_seconds 2\n");
  EXPECT_EQ(shown("Disk", "Gigabytes", 2), "disk_bytes 2000000000\n");
  EXPECT_EQ(shown("MemoryUsedPercent", "Percent", 50), "memory_used_ratio 0.5\n");
  EXPECT_EQ(shown("Sent", "Megabits/Second", 8), "sent_bytes_per_second 1000000\n");
  EXPECT_EQ(shown("Calls", "Count/Second", 8), "calls_per_second 8\n");
  EXPECT_EQ(shown("Depth", "Count", 8), "depth 8\n");
  EXPECT_EQ(shown("Depth", "", 8), "depth 8\n");
}

TEST(MetricsPage, writes_histograms) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Metric histogram{"Took",
                         "How long",
                         MetricKind::kHistogram,
                         {{"Route", "/a"}},
                         30,
                         "Milliseconds",
                         {{5, 1}, {1000, 3}, {kInfinity, 4}}};
  EXPECT_EQ(prometheus({histogram}),
            "# HELP took_seconds How long\n# TYPE took_seconds histogram\n"
            "took_seconds_bucket{route=\"/a\",le=\"0.005\"} 1\n"
            "took_seconds_bucket{route=\"/a\",le=\"1\"} 3\n"
            "took_seconds_bucket{route=\"/a\",le=\"+Inf\"} 4\n"
            "took_seconds_sum{route=\"/a\"} 0.03\ntook_seconds_count{route=\"/a\"} 4\n");
  EXPECT_NE(page({histogram}, MetricsFormat::kOpenMetrics).find("le=\"1.0\"} 3"),
            std::string::npos);
}

TEST(MetricsPage, shows_each_series_once) {
  // Both names become a_b; a scraper refuses a page that has a series twice.
  EXPECT_EQ(prometheus({counter("a b", 1), counter("a-b", 2)}),
            "# TYPE a_b_total counter\na_b_total 3\n");
  EXPECT_EQ(prometheus({counter("a_total", 1)}), "# TYPE a_total counter\na_total 1\n");
}

TEST(MetricsPage, lets_no_name_or_label_break_out) {
  EXPECT_EQ(prometheus({counter("1\n#x", 1, {{"l{:", "a\"b\\c\nd"}})}),
            "# TYPE _1__x_total counter\n_1__x_total{l__=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(MetricsPage, writes_numbers_that_read_back) {
  const auto value = [](double number) {
    const std::string text = prometheus({counter("a", number)});
    return text.substr(text.rfind(' ') + 1);
  };
  EXPECT_EQ(value(9007199254740992.0), "9007199254740992\n");
  EXPECT_EQ(value(1e300), "1e+300\n");
  EXPECT_EQ(value(0.1), "0.1\n");
  EXPECT_EQ(value(std::numeric_limits<double>::infinity()), "+Inf\n");
  EXPECT_EQ(value(std::numeric_limits<double>::quiet_NaN()), "NaN\n");
}

}  // namespace
}  // namespace outrigger::admin
