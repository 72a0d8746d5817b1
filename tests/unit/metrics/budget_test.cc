// A program that raised its budget: what holds then.
#include <gtest/gtest.h>

#include <string>

#include "metrics/table.h"
#include "outrigger/metrics.h"
#include "segment/mapping.h"
#include "segment/metric_reader.h"

OUTRIGGER_METRICS_BUDGET(.series = 20'000, .threads = 2, .dimension_sets = 5'000);

namespace outrigger::metrics {
namespace {

struct Segment {
  Segment() : fd(segment::create(why, sizeof why)), view(segment::map(fd)) { attach(view); }
  ~Segment() { attach(segment::View()); }
  char why[200];
  const int fd;
  const segment::View view;
};

TEST(RaisedBudget, has_a_share_of_its_size) {
  const segment::MetricLayout layout = segment::metric_layout();
  EXPECT_EQ(layout.series, 20'000u);
  EXPECT_EQ(layout.shards, 3u);
  EXPECT_EQ(layout.dimension_sets, 5'000u);
  EXPECT_EQ(layout.values_a_key, 1'000u);
}

// Of one key a thousand values are kept apart, in whatever family, though there is room for sets.
TEST(RaisedBudget, a_thousand_values_of_one_key_in_all_families) {
  const Segment segment;
  segment::MetricReader reader(segment.view, segment.fd);
  const auto calls = counters("Calls", {"User", "Kind"});
  for (int i = 0; i < 1'200; ++i) calls.of(std::to_string(i), i % 2 == 0 ? "even" : "odd").add();
  EXPECT_EQ(reader.series().size(), 1'001u);
  EXPECT_EQ(reader.others(), 200u);
  // Another family has no value more of that key, and those that are known.
  const auto errors = counters("Errors", {"User"});
  errors.of("7").add();
  errors.of("never met").add();
  const auto& series = reader.series();
  ASSERT_EQ(series.size(), 1'003u);
  EXPECT_EQ(series[1'001].dimensions[0].second, "7");
  EXPECT_EQ(series[1'002].dimensions[0].second, "other");
  EXPECT_EQ(reader.others(), 201u);
  // A key of another name has values of its own.
  const auto routes = counters("Routes", {"Route"});
  for (int i = 0; i < 900; ++i) routes.of(std::to_string(i)).add();
  EXPECT_EQ(reader.others(), 201u);
  EXPECT_EQ(reader.series().size(), 1'903u);
}

}  // namespace
}  // namespace outrigger::metrics
