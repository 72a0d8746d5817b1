#include "service/lifecycle.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "segment/mapping.h"

namespace outrigger::service {
namespace {

using namespace std::chrono_literals;

TEST(LifecycleTest, from_born_to_exiting) {
  Lifecycle life;
  EXPECT_EQ(life.phase(), Phase::kBorn);
  EXPECT_TRUE(life.begin());
  EXPECT_FALSE(life.begin()) << "run() begins once";
  EXPECT_TRUE(life.ready());
  EXPECT_EQ(life.phase(), Phase::kRunning);
  EXPECT_TRUE(life.drain(25s));
  EXPECT_TRUE(life.draining());
  life.wait_for_drain();
  life.exiting();
  EXPECT_EQ(life.phase(), Phase::kExiting);
}

TEST(LifecycleTest, before_it_begins_there_is_nothing_to_drain) {
  Lifecycle life;
  EXPECT_FALSE(life.drain(25s));
  EXPECT_EQ(life.phase(), Phase::kBorn);
}

TEST(LifecycleTest, a_drain_while_starting_keeps_it_from_becoming_ready) {
  Lifecycle life;
  life.begin();
  life.drain(25s);
  EXPECT_FALSE(life.ready());
  EXPECT_EQ(life.phase(), Phase::kDraining);
}

TEST(LifecycleTest, the_flush_has_its_share_of_the_budget) {
  EXPECT_EQ(flush_share(25s), 5s);
  EXPECT_EQ(flush_share(60s), 5s);
  EXPECT_EQ(flush_share(5s), 1s);
  Lifecycle life;
  life.begin();
  EXPECT_EQ(life.deadline(), Deadline::max());
  const auto before = Clock::now();
  life.drain(25s);
  EXPECT_GE(life.deadline(), before + 20s);
  EXPECT_LE(life.deadline(), Clock::now() + 20s);
}

TEST(LifecycleTest, a_second_drain_only_brings_the_deadline_nearer) {
  Lifecycle life;
  life.begin();
  life.drain(10s);
  const Deadline first = life.deadline();
  life.drain(60s);
  EXPECT_EQ(life.deadline(), first);
  life.drain(5s);
  EXPECT_LT(life.deadline(), first);
}

TEST(LifecycleTest, a_hurry_ends_a_pause) {
  Lifecycle life;
  life.begin();
  life.drain(1h);
  std::atomic<bool> over{false};
  std::thread pausing([&] {
    life.pause(1h);
    over = true;
  });
  EXPECT_FALSE(over);
  life.hurry();
  pausing.join();
  EXPECT_TRUE(over);
  EXPECT_LE(life.deadline(), Clock::now());
  life.pause(1h);  // none from now on
}

TEST(LifecycleTest, the_deadline_ends_a_pause) {
  Lifecycle life;
  life.begin();
  life.drain(1h);
  std::thread pausing([&] { life.pause(1h); });
  life.drain(1ms);
  pausing.join();
}

TEST(LifecycleTest, each_phase_is_shown_in_the_segment) {
  char why[200];
  const int fd = segment::create(why, sizeof why);
  ASSERT_GE(fd, 0) << why;
  const segment::View view(segment::map(fd));
  close(fd);
  ASSERT_TRUE(view);
  const auto shown = [&] { return static_cast<Phase>(view.service().phase.load()); };
  Lifecycle life;
  life.attach(view);
  EXPECT_EQ(shown(), Phase::kBorn);
  life.begin();
  EXPECT_EQ(shown(), Phase::kStarting);
  EXPECT_GT(view.service().started_real_ns.load(), 0);
  life.ready();
  EXPECT_EQ(shown(), Phase::kRunning);
  life.drain(1s);
  EXPECT_EQ(shown(), Phase::kDraining);
  life.exiting();
  EXPECT_EQ(shown(), Phase::kExiting);
}

}  // namespace
}  // namespace outrigger::service
