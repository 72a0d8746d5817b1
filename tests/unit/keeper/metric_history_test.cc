#include "keeper/metric_history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace outrigger::keeper {
namespace {

constexpr int64_t kNoon = 1'800'000'000 / 60 * 60;

MetricHistory::Describe named(const std::string& name, uint64_t rank = 0) {
  return [=] {
    MetricHistory::About about;
    about.metric.name = name;
    about.rank = rank;
    return about;
  };
}

TEST(MetricHistory, keeps_a_value_a_minute_for_an_hour) {
  MetricHistory history;
  for (int minute = 0; minute < 100; ++minute)
    history.note(1, minute, kNoon + 60 * minute, true, named("A"));
  const auto latest = history.latest(10);
  ASSERT_EQ(latest.size(), 1u);
  EXPECT_EQ(latest[0].name, "A");
  EXPECT_EQ(latest[0].value, 99);
  EXPECT_EQ(latest[0].time_ns, (kNoon + 99 * 60) * 1'000'000'000);
  ASSERT_EQ(latest[0].history.size(), 60u);
  EXPECT_EQ(latest[0].history.front(), 40);
  EXPECT_EQ(latest[0].history.back(), 99);
}

TEST(MetricHistory, has_a_gap_where_nothing_was_posted) {
  MetricHistory history;
  history.note(1, 5, kNoon, true, named("A"));
  history.note(1, 6, kNoon + 180, true, named("A"));
  const auto latest = history.latest(1);
  ASSERT_EQ(latest[0].history.size(), 4u);
  EXPECT_EQ(latest[0].history[0], 5);
  EXPECT_TRUE(std::isnan(latest[0].history[1]));
  EXPECT_TRUE(std::isnan(latest[0].history[2]));
  EXPECT_EQ(latest[0].history[3], 6);
}

TEST(MetricHistory, what_is_sent_more_often_is_the_latest_and_one_of_the_hour_each_minute) {
  MetricHistory history;
  for (int second = 0; second <= 60; ++second)
    history.note(1, second, kNoon + second, second % 60 == 0, named("A"));
  const auto latest = history.latest(1);
  EXPECT_EQ(latest[0].value, 60);
  EXPECT_EQ(latest[0].history, (std::vector<double>{0, 60}));
}

TEST(MetricHistory, shows_the_latest_first_and_of_one_time_by_rank) {
  MetricHistory history;
  history.note(1, 0, kNoon, true, named("machine", 9));
  history.note(2, 0, kNoon, true, named("own", 1));
  history.note(3, 0, kNoon + 1, true, named("later", 50));
  const auto latest = history.latest(2);
  ASSERT_EQ(latest.size(), 2u);
  EXPECT_EQ(latest[0].name, "later");
  EXPECT_EQ(latest[1].name, "own");
}

TEST(MetricHistory, is_bounded) {
  MetricHistory history;
  int described = 0;
  for (uint32_t series = 0; series < 100'000; ++series)
    history.note(series, 1, kNoon, true, [&] {
      ++described;
      return MetricHistory::About{};
    });
  EXPECT_EQ(described, static_cast<int>(MetricHistory::kSeriesMax));
  EXPECT_EQ(history.latest(100'000).size(), MetricHistory::kSeriesMax);
}

}  // namespace
}  // namespace outrigger::keeper
