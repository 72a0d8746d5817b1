#include "keeper/metric_collector.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>

#include "metrics/table.h"
#include "outrigger/metrics.h"
#include "segment/mapping.h"

namespace outrigger::keeper {
namespace {

using Take = MetricCollector::Take;

class MetricCollectorTest : public testing::Test {
 protected:
  MetricCollectorTest() { metrics::attach(view_); }
  ~MetricCollectorTest() override {
    metrics::attach(segment::View());
    close(fd_);
  }
  // By name.
  std::map<std::string, Part> take(MetricCollector& collector, int64_t second,
                                   Take what = Take::kDue) const {
    std::vector<Part> parts;
    collector.take(second, what, parts);
    std::map<std::string, Part> by_name;
    for (Part& part : parts) {
      const std::string name = collector.series(part).name;
      EXPECT_TRUE(by_name.emplace(name, std::move(part)).second) << name << " came twice";
    }
    return by_name;
  }

  char why_[200];
  const int fd_ = segment::create(why_, sizeof why_);
  const segment::View view_{segment::map(fd_)};
  MetricLedger ledger_{-1};
};

TEST_F(MetricCollectorTest, takes_what_came_since_the_last_time) {
  const auto counter = metrics::counter("Counter");
  const auto gauge = metrics::gauge("Gauge");
  (void)metrics::gauge("Unset");
  const auto histogram = metrics::histogram("Histogram");
  counter.add(5);
  gauge.set(1.5);
  histogram.observe(0);
  histogram.observe(3);
  MetricCollector collector(view_, fd_, ledger_);
  auto first = take(collector, 60);
  EXPECT_EQ(first.size(), 3u);
  EXPECT_EQ(first["Counter"].value, 5);
  EXPECT_EQ(first["Gauge"].value, 1.5);
  ASSERT_NE(first["Histogram"].histogram, nullptr);
  const Distribution both = first["Histogram"].histogram->distribution;
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].first, 0);
  EXPECT_NEAR(both[1].first, 3, 3 * 0.008);

  counter.add(2);
  auto second = take(collector, 120);
  EXPECT_EQ(second["Counter"].value, 2);
  EXPECT_EQ(second["Counter"].cell, 7u);
  EXPECT_EQ(second["Gauge"].value, 1.5) << "a gauge is what it is";
  EXPECT_FALSE(second.contains("Histogram")) << "nothing was observed";
  EXPECT_EQ(take(collector, 180)["Counter"].value, 0) << "a counter is sent, if nothing came too";
}

TEST_F(MetricCollectorTest, dimensions_of_a_call_are_sent_only_when_something_came) {
  const auto family = metrics::counters("Family", {"Key"});
  family.of("a").add();
  MetricCollector collector(view_, fd_, ledger_);
  EXPECT_EQ(take(collector, 60).size(), 1u);
  EXPECT_EQ(take(collector, 120).size(), 0u);
}

TEST_F(MetricCollectorTest, each_at_its_own_pace_and_all_at_the_end) {
  const auto slow = metrics::counter("Slow");
  const auto fast = metrics::counter("Fast", {.every = std::chrono::seconds(10)});
  slow.add();
  fast.add();
  MetricCollector collector(view_, fd_, ledger_);
  EXPECT_FALSE(collector.is_due(7));
  EXPECT_TRUE(collector.is_due(10));
  EXPECT_EQ(take(collector, 10).size(), 1u);
  fast.add();
  EXPECT_EQ(take(collector, 60).size(), 2u);
  slow.add();
  const auto last = take(collector, 63, Take::kAll);
  EXPECT_EQ(last.size(), 2u);
  EXPECT_EQ(last.at("Slow").value, 1);
  EXPECT_EQ(last.at("Fast").value, 0);
}

TEST_F(MetricCollectorTest, begins_where_a_predecessor_s_acknowledged_values_end) {
  const auto counter = metrics::counter("Counter");
  const auto histogram = metrics::histogram("Histogram");
  counter.add(10);
  histogram.observe(3);
  {
    MetricCollector collector(view_, fd_, ledger_);
    const auto parts = take(collector, 60);
    ledger_.begin(2);
    ledger_.will_be(parts.at("Counter").series, parts.at("Counter").cell);
    for (const auto& octave : parts.at("Histogram").histogram->octaves) ledger_.will_be(octave);
    ledger_.acknowledge();
  }
  counter.add(4);
  histogram.observe(3);
  histogram.observe(3);
  MetricCollector successor(view_, fd_, ledger_);
  const auto parts = take(successor, 60);
  EXPECT_EQ(parts.at("Counter").value, 4);
  ASSERT_EQ(parts.at("Histogram").histogram->distribution.size(), 1u);
  EXPECT_EQ(parts.at("Histogram").histogram->distribution[0].second, 2u);
}

// A service that went mad: nothing is ever taken off.
TEST_F(MetricCollectorTest, what_goes_back_is_nothing) {
  const auto counter = metrics::counter("Counter");
  counter.add(10);
  MetricCollector collector(view_, fd_, ledger_);
  EXPECT_EQ(take(collector, 60)["Counter"].value, 10);
  counter.add(static_cast<uint64_t>(-6));
  EXPECT_EQ(take(collector, 120)["Counter"].value, 0);
  counter.add(8);
  EXPECT_EQ(take(collector, 180)["Counter"].value, 2);
}

}  // namespace
}  // namespace outrigger::keeper
