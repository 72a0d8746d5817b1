// A prometheus-cpp registry that goes Outrigger's way: everything arrives, once.
#include "outrigger/prometheus.h"

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include "metrics/table.h"
#include "segment/mapping.h"
#include "segment/metric_reader.h"

namespace outrigger::metrics {
namespace {

class PrometheusTest : public testing::Test {
 protected:
  PrometheusTest() {
    char why[256];
    view_ = segment::View(segment::map(segment::create(why, sizeof(why))));
    attach(view_);
  }
  ~PrometheusTest() override { attach({}); }

  const segment::MetricSeries* series(const std::string& name, size_t labels = 0) {
    reader_.emplace(view_, -1);
    reader_->read(values_);
    for (const auto& each : reader_->series())
      if (each.name == name && each.dimensions.size() == labels) return &each;
    return nullptr;
  }
  uint64_t cell(const std::string& name, size_t labels = 0) {
    const auto* const found = series(name, labels);
    return found == nullptr ? UINT64_MAX : values_.cells[found->index];
  }
  double gauge(const std::string& name, size_t labels = 0) {
    return std::bit_cast<double>(cell(name, labels));
  }

  segment::View view_;
  std::optional<segment::MetricReader> reader_;
  segment::MetricValues values_;
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
};

TEST_F(PrometheusTest, counters_and_gauges_are_what_they_are_there) {
  auto& family =
      prometheus::BuildCounter().Name("orders_total").Help("Orders").Register(*registry_);
  auto& counter = family.Add({{"kind", "express"}, {"empty", ""}});
  auto& queued = prometheus::BuildGauge().Name("queued").Register(*registry_).Add({});
  PrometheusBridge bridge(registry_, std::chrono::hours(1));
  counter.Increment(3);
  counter.Increment(0.75);
  queued.Set(-2.5);
  bridge.take();
  EXPECT_EQ(cell("orders_total", 1), 3u);
  EXPECT_EQ(series("orders_total", 1)->help, "Orders");
  EXPECT_EQ(series("orders_total", 1)->dimensions[0],
            (std::pair<std::string, std::string>{"kind", "express"}));
  EXPECT_EQ(gauge("queued"), -2.5);
  counter.Increment(0.25);
  queued.Set(4);
  bridge.take();
  bridge.take();
  EXPECT_EQ(cell("orders_total", 1), 4u);
  EXPECT_EQ(gauge("queued"), 4);
}

TEST_F(PrometheusTest, a_histogram_keeps_its_buckets_and_its_sum) {
  auto& histogram = prometheus::BuildHistogram()
                        .Name("wait_seconds")
                        .Register(*registry_)
                        .Add({}, prometheus::Histogram::BucketBoundaries{0.1, 1, 10});
  PrometheusBridge bridge(registry_, std::chrono::hours(1));
  double sum = 0;
  for (int round = 0; round < 3; ++round) {
    for (const double value : {0.05, 0.09, 0.5, 3.0, 4.0, 5.0, 100.0}) {
      histogram.Observe(value);
      sum += value;
    }
    bridge.take();
  }
  const auto* const series = this->series("wait_seconds");
  ASSERT_NE(series, nullptr);
  EXPECT_EQ(series->bounds, (std::vector<double>{0.1, 1, 10}));
  EXPECT_NEAR(values_.sums[series->index], sum, 1e-9);
  uint64_t below[4] = {};  // 0.1, 1, 10, all
  for (const auto& octave : values_.octaves) {
    for (size_t b = 0; b < segment::kBlockBuckets; ++b) {
      const double middle = segment::bucket_middle(octave.octave, b);
      for (size_t i = 0; i < 3; ++i)
        if (middle <= series->bounds[i]) below[i] += octave.counts[b];
      below[3] += octave.counts[b];
    }
  }
  EXPECT_EQ(below[0], 6u);
  EXPECT_EQ(below[1], 9u);
  EXPECT_EQ(below[2], 18u);
  EXPECT_EQ(below[3], 21u);
}

TEST_F(PrometheusTest, a_summary_is_a_gauge_a_quantile) {
  auto& summary = prometheus::BuildSummary()
                      .Name("took")
                      .Register(*registry_)
                      .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}, {0.99, 0.001}});
  for (int i = 1; i <= 100; ++i) summary.Observe(i);
  { PrometheusBridge bridge(registry_, std::chrono::hours(1)); }  // its end takes as well
  EXPECT_EQ(cell("took_count"), 100u);
  EXPECT_EQ(gauge("took_sum"), 5050);
  EXPECT_NEAR(gauge("took", 1), 50, 6);
}

TEST_F(PrometheusTest, two_threads_at_once_count_once) {
  auto& counter = prometheus::BuildCounter().Name("n_total").Register(*registry_).Add({});
  PrometheusBridge bridge(registry_, std::chrono::milliseconds(1));
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) bridge.take();
  });
  for (int i = 0; i < 20'000; ++i) counter.Increment();
  other.join();
  bridge.take();
  EXPECT_EQ(cell("n_total"), 20'000u);
}

}  // namespace
}  // namespace outrigger::metrics
