// Many signals, one drain.
#include "supervisor/stop_clock.h"

#include <gtest/gtest.h>

namespace outrigger::supervisor {
namespace {

using Step = StopClock::Step;
constexpr int64_t kMs = base::kNsPerMs;
constexpr int64_t kStart = 1'000 * kMs;

TEST(StopClockTest, first_signal_begins_the_drain) {
  StopClock clock;
  EXPECT_FALSE(clock.draining());
  EXPECT_EQ(clock.kill_at_ns(), 0);
  EXPECT_EQ(clock.signalled(kStart), Step::kDrain);
  EXPECT_TRUE(clock.draining());
  EXPECT_EQ(clock.began_ns(), kStart);
}

TEST(StopClockTest, signals_within_200_ms_are_the_same_wish) {
  StopClock clock;
  clock.signalled(kStart);
  EXPECT_EQ(clock.signalled(kStart), Step::kNothing);
  EXPECT_EQ(clock.signalled(kStart + 100 * kMs), Step::kNothing);
  EXPECT_EQ(clock.signalled(kStart + 200 * kMs), Step::kNothing);
  EXPECT_FALSE(clock.hurrying());
}

TEST(StopClockTest, later_signal_hurries_and_only_once) {
  StopClock clock;
  clock.signalled(kStart);
  EXPECT_EQ(clock.signalled(kStart + 201 * kMs), Step::kHurry);
  EXPECT_EQ(clock.signalled(kStart + 900 * kMs), Step::kNothing);
  EXPECT_TRUE(clock.hurrying());
}

TEST(StopClockTest, service_is_killed_before_the_flush_begins) {
  StopClock clock;
  clock.signalled(kStart);
  EXPECT_EQ(clock.kill_at_ns(), kStart + (kStopBudgetMs - 5'000) * kMs + kKillGraceNs);
}

TEST(StopClockTest, hurry_shortens_the_patience_but_never_prolongs_it) {
  StopClock clock;
  clock.signalled(kStart);
  clock.signalled(kStart + 300 * kMs);
  EXPECT_EQ(clock.kill_at_ns(), kStart + 300 * kMs + kHurryNs);
  StopClock late;
  late.signalled(kStart);
  const int64_t patience = late.kill_at_ns();
  late.signalled(patience - 10 * kMs);
  EXPECT_EQ(late.kill_at_ns(), patience);
}

TEST(StopClockTest, first_signal_after_the_services_own_drain_is_no_hurry) {
  StopClock clock;
  EXPECT_EQ(clock.service_drains(kStart), Step::kDrain);
  EXPECT_EQ(clock.service_drains(kStart + kMs), Step::kNothing);
  EXPECT_EQ(clock.signalled(kStart + 5'000 * kMs), Step::kDrain);
  EXPECT_EQ(clock.began_ns(), kStart);
  EXPECT_EQ(clock.signalled(kStart + 6'000 * kMs), Step::kHurry);
}

TEST(StopClockTest, failed_start_waits_for_nothing) {
  StopClock clock;
  clock.end_at_once(kStart);
  EXPECT_TRUE(clock.hurrying());
  EXPECT_EQ(clock.kill_at_ns(), kStart + kHurryNs);
  EXPECT_EQ(clock.signalled(kStart + kMs), Step::kNothing);
}

TEST(StopClockTest, budget_is_kept_in_its_range) {
  StopClock clock;
  clock.set_budget_ms(1);
  EXPECT_EQ(clock.budget_ms(), kStopBudgetMsMin);
  clock.set_budget_ms(int64_t{1} << 40);
  EXPECT_EQ(clock.budget_ms(), kStopBudgetMsMax);
  clock.set_budget_ms(1'000);
  clock.signalled(kStart);
  EXPECT_EQ(clock.kill_at_ns(), kStart + 800 * kMs + kKillGraceNs);
}

}  // namespace
}  // namespace outrigger::supervisor
