#include "aws/retry.h"

#include <gtest/gtest.h>

#include "aws/skew.h"
#include "http/date.h"

namespace outrigger::aws {
namespace {

using namespace std::chrono_literals;
constexpr auto kTransient = FailureKind::kTransient;
constexpr auto kThrottled = FailureKind::kThrottled;

TEST(Backoff, doubles_up_to_twenty_seconds) {
  EXPECT_EQ(backoff(kTransient, 0, 0.5, {}), 25ms);
  EXPECT_EQ(backoff(kTransient, 1, 0.5, {}), 50ms);
  EXPECT_EQ(backoff(kTransient, 3, 0.5, {}), 200ms);
  EXPECT_EQ(backoff(kThrottled, 0, 0.5, {}), 500ms);
  EXPECT_EQ(backoff(kThrottled, 4, 0.5, {}), 8s);
  EXPECT_EQ(backoff(kThrottled, 5, 0.5, {}), 10s);
  EXPECT_EQ(backoff(kThrottled, 1'000'000, 0.5, {}), 10s);
  EXPECT_EQ(backoff(kTransient, 3, 0.0, {}), 0ms);
}

TEST(Backoff, grants_what_is_asked_for_within_five_seconds) {
  EXPECT_EQ(backoff(kTransient, 0, 0.5, 10ms), 25ms) << "not less than the backoff";
  EXPECT_EQ(backoff(kTransient, 0, 0.5, 1'700ms), 1'700ms);
  EXPECT_EQ(backoff(kTransient, 0, 0.5, 5'025ms), 5'025ms);
  EXPECT_EQ(backoff(kTransient, 0, 0.5, 5'026ms), 5'025ms) << "not five seconds above it";
}

TEST(Quota, is_spent_by_retries_and_refunded_by_successes) {
  RetryQuota quota;
  EXPECT_EQ(quota.left(), 500);
  EXPECT_EQ(quota.take(kTransient), 14);
  EXPECT_EQ(quota.take(kThrottled), 5);
  EXPECT_EQ(quota.left(), 481);
  quota.give_back(5);
  EXPECT_EQ(quota.left(), 486) << "a success after a retry gives back what that retry took";
  quota.give_back(0);
  EXPECT_EQ(quota.left(), 487) << "one at the first try gives one";
  for (int i = 0; i < 100; ++i) quota.give_back(0);
  EXPECT_EQ(quota.left(), 500) << "never more than there was";
}

TEST(Quota, runs_dry) {
  RetryQuota quota;
  for (int i = 0; i < 500 / 14; ++i) ASSERT_TRUE(quota.take(kTransient)) << i;
  EXPECT_EQ(quota.left(), 500 % 14);
  EXPECT_FALSE(quota.take(kTransient));
  EXPECT_TRUE(quota.take(kThrottled)) << "the cheaper one still goes";
  EXPECT_FALSE(quota.take(kTransient));
}

TEST(Random, lies_between_zero_and_one) {
  double sum = 0;
  for (int i = 0; i < 1'000; ++i) {
    const double value = random_unit();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 1'000, 0.5, 0.1) << "ten standard deviations";
}

std::string date_at(std::chrono::system_clock::time_point now, std::chrono::seconds off) {
  return http::http_date(
      std::chrono::floor<std::chrono::seconds>(now + off).time_since_epoch().count());
}

TEST(SkewTest, beyond_four_minutes_is_corrected_and_returns_to_zero) {
  Skew skew;
  const auto now = std::chrono::system_clock::now();
  EXPECT_FALSE(skew.note(date_at(now, 240s), now));
  EXPECT_EQ(skew.correction(), 0s);
  EXPECT_TRUE(skew.note(date_at(now, 241s), now));
  EXPECT_EQ(skew.correction(), 241s);
  EXPECT_FALSE(skew.note(date_at(now, 245s), now)) << "a little more is no news";
  EXPECT_EQ(skew.correction(), 245s);
  EXPECT_TRUE(skew.note(date_at(now, -9000s), now));
  EXPECT_EQ(skew.correction(), -9000s);
  EXPECT_TRUE(skew.note(date_at(now, 3s), now)) << "the clock was set right";
  EXPECT_EQ(skew.correction(), 0s);
}

TEST(SkewTest, what_is_no_date_changes_nothing) {
  Skew skew;
  const auto now = std::chrono::system_clock::now();
  ASSERT_TRUE(skew.note(date_at(now, 1h), now));
  for (const char* date : {"", "yesterday", "Tue, 24 Nov 2026 02:05:23 CET",
                           "Tue, 24 Now 2026 02:05:23 GMT", "Tue, 99 Nov 2026 02:05:23 GMT",
                           "Tue, 24 Nov 2026 -2:05:23 GMT", "Tue, 31 Feb 2026 02:05:23 GMT"}) {
    EXPECT_FALSE(skew.note(date, now)) << date;
    EXPECT_EQ(skew.correction(), 3600s) << date;
  }
  EXPECT_EQ(Skew::unix_seconds_of("Tue, 24 Nov 2026 02:05:23 GMT"), 1'795'485'923);
}

}  // namespace
}  // namespace outrigger::aws
