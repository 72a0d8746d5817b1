#include "keeper/tick_clock.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdlib>

#include "base/clock.h"

namespace outrigger::keeper {
namespace {

// A loaded machine may stop the test between two readings.
constexpr int64_t kSlack = 200 * base::kNsPerMs;

void expect_right(const TickClock& clock) {
  const int64_t before = base::real_ns();
  const int64_t time = clock.time_of(base::ticks());
  const int64_t after = base::real_ns();
  EXPECT_GE(time, before - 100'000);
  EXPECT_LE(time, after + 100'000);
}

TEST(TickClock, tells_the_time_from_an_anchor) {
  const uint64_t ticks = base::ticks();
  const int64_t real = base::real_ns();
  const timespec pause{0, 20 * base::kNsPerMs};
  nanosleep(&pause, nullptr);
  TickClock clock(ticks, real);
  expect_right(clock);
  EXPECT_LT(std::llabs(clock.time_of(ticks) - real), kSlack) << "entries from before the keeper";
  clock.adjust();
  expect_right(clock);
}

TEST(TickClock, an_anchor_that_makes_no_sense_is_passed_over) {
  for (int kind = 0; kind < 6; ++kind) {
    const uint64_t ticks = base::ticks();
    const int64_t real = base::real_ns();
    const struct {
      uint64_t ticks;
      int64_t real;
    } anchors[] = {{0, 0},
                   {UINT64_MAX, real - base::kNsPerSecond},
                   {ticks, real + base::kNsPerSecond * 1000},
                   {ticks, INT64_MIN},
                   {ticks - 1, real - base::kNsPerSecond},
                   {0, real - 10 * base::kNsPerMs}};
    TickClock clock(anchors[kind].ticks, anchors[kind].real);
    expect_right(clock);
    clock.adjust();
    expect_right(clock);
  }
}

TEST(TickClock, keeps_order_within_one_anchor) {
  TickClock clock(0, 0);
  const uint64_t ticks = base::ticks();
  int64_t last = clock.time_of(ticks);
  for (uint64_t i = 1; i < 100'000; ++i) {
    const int64_t next = clock.time_of(ticks + 7 * i);
    ASSERT_GE(next, last);
    last = next;
  }
}

}  // namespace
}  // namespace outrigger::keeper
