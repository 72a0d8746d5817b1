#include <gtest/gtest.h>

#include <limits>

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
std::string prometheus(const std::vector<Metric>& metrics) {
  return metrics_page(metrics, MetricsFormat::kPrometheus).body;
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
  EXPECT_EQ(response.body, "# TYPE probes counter\nprobes_total 3\n# EOF\n");
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
