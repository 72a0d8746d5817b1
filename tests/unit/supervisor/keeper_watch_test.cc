// When a keeper counts as stuck, and how soon a fallen one comes back.
#include "supervisor/keeper_watch.h"

#include <gtest/gtest.h>

namespace outrigger::supervisor {
namespace {

constexpr int64_t kMs = base::kNsPerMs;

TEST(KeeperWatchTest, predecessors_beat_proves_nothing) {
  KeeperWatch watch;
  watch.started(100 * kMs, 7);
  watch.seen(7);
  EXPECT_FALSE(watch.beats());
  EXPECT_TRUE(watch.is_young(200 * kMs));
  watch.seen(8);
  EXPECT_TRUE(watch.beats());
  EXPECT_FALSE(watch.is_young(200 * kMs));
}

TEST(KeeperWatchTest, silence_is_counted_in_ticks) {
  KeeperWatch watch;
  watch.started(0, 0);
  watch.seen(1);
  watch.tick();
  EXPECT_FALSE(watch.stuck());
  watch.tick();
  EXPECT_TRUE(watch.stuck());
  EXPECT_FALSE(watch.to_be_killed());
  for (int i = 0; i < 4; ++i) watch.tick();
  EXPECT_TRUE(watch.to_be_killed());
  watch.seen(2);
  EXPECT_FALSE(watch.stuck());
}

TEST(KeeperWatchTest, forgiven_keeper_stays_stuck_but_lives_on) {
  KeeperWatch watch;
  watch.started(0, 0);
  for (int i = 0; i < 6; ++i) watch.tick();
  ASSERT_TRUE(watch.to_be_killed());
  watch.forgive();
  EXPECT_TRUE(watch.stuck());
  EXPECT_FALSE(watch.to_be_killed());
}

int64_t fall(KeeperWatch& watch, int64_t& now_ns, bool worked) {
  static int64_t beat = 0;
  watch.started(now_ns, beat);
  if (worked) watch.seen(++beat);
  now_ns += kMs;
  return watch.fell(now_ns);
}

TEST(KeeperWatchTest, one_that_falls_at_its_start_comes_back_slower_and_slower) {
  KeeperWatch watch;
  int64_t now_ns = kMs;
  for (const int64_t expected_ms : {0, 50, 100, 200, 400, 500, 500}) {
    EXPECT_EQ(fall(watch, now_ns, false), expected_ms * kMs);
  }
}

TEST(KeeperWatchTest, one_that_worked_comes_back_within_a_quarter_second) {
  KeeperWatch watch;
  int64_t now_ns = kMs;
  for (const int64_t expected_ms : {0, 50, 100, 200, 250, 250, 250}) {
    EXPECT_EQ(fall(watch, now_ns, true), expected_ms * kMs);
  }
}

TEST(KeeperWatchTest, long_run_forgives_earlier_falls) {
  KeeperWatch watch;
  int64_t now_ns = kMs;
  fall(watch, now_ns, true);
  fall(watch, now_ns, true);
  watch.started(now_ns, 0);
  watch.seen(1'000'000);
  EXPECT_EQ(watch.fell(now_ns + kLongRunNs + 1), 0);
}

TEST(KeeperWatchTest, five_starts_without_a_beat_are_hopeless_until_one_beats) {
  KeeperWatch watch;
  int64_t now_ns = kMs;
  for (int i = 0; i < kHopelessStarts; ++i) {
    EXPECT_FALSE(watch.hopeless());
    fall(watch, now_ns, false);
    EXPECT_TRUE(watch.failed());
  }
  EXPECT_TRUE(watch.hopeless());
  fall(watch, now_ns, true);
  EXPECT_FALSE(watch.hopeless());
  EXPECT_FALSE(watch.failed());
}

}  // namespace
}  // namespace outrigger::supervisor
