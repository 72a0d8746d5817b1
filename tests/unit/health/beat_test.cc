#include "health/beat.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "outrigger/health.h"
#include "segment/mapping.h"

namespace outrigger::health {
namespace {

class BeatTest : public testing::Test {
 protected:
  void SetUp() override {
    char why[200];
    const int fd = segment::create(why, sizeof why);
    ASSERT_GE(fd, 0) << why;
    view_ = segment::View(segment::map(fd));
    close(fd);
    ASSERT_TRUE(view_);
    attach(view_);
  }
  void TearDown() override { attach(segment::View()); }

  segment::Beat& slot(size_t i) { return view_.service().beats[i]; }
  segment::View view_;
};

TEST(BeatWithoutSegment, is_harmless) {
  beat();
  source("http").beat();
}

TEST_F(BeatTest, a_source_counts_from_its_first_beat) {
  const Beat http = source("http");
  EXPECT_EQ(slot(0).last_ns.load(), 0) << "nothing is promised before the first beat";
  const int64_t before = base::monotonic_ns();
  http.beat();
  http.beat();
  EXPECT_STREQ(slot(0).name, "http");
  EXPECT_EQ(slot(0).count.load(), 2u);
  EXPECT_GE(slot(0).last_ns.load(), before);
}

TEST_F(BeatTest, the_programs_own_beat_is_called_main) {
  source("http").beat();
  beat();
  beat();
  EXPECT_STREQ(slot(1).name, "main");
  EXPECT_EQ(slot(1).count.load(), 2u);
  EXPECT_EQ(slot(0).count.load(), 1u);
}

TEST_F(BeatTest, one_name_is_one_source) {
  source("pool").beat();
  source("pool").beat();
  EXPECT_EQ(slot(0).count.load(), 2u);
  EXPECT_EQ(slot(1).count.load(), 0u);
}

TEST_F(BeatTest, beyond_the_last_slot_nothing_happens) {
  for (size_t i = 0; i < segment::kBeats + 3; ++i) source("s" + std::to_string(i)).beat();
  EXPECT_STREQ(slot(segment::kBeats - 1).name, "s63");
}

TEST_F(BeatTest, a_forked_child_beats_for_nobody_and_lives) {
  beat();
  const Beat http = source("http");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    beat();
    http.beat();
    source("late").beat();
    _exit(7);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(slot(0).count.load(), 1u);
}

// A loop that runs what it is given when the test says so.
struct Loop {
  std::mutex mutex;
  std::vector<std::function<void()>> tasks;
  std::atomic<int> posts{0};

  BeatThrough::Post post() {
    return [this](std::function<void()> task) {
      const std::lock_guard lock(mutex);
      tasks.push_back(std::move(task));
      ++posts;
    };
  }
  bool await_posts(int count) {
    for (int i = 0; i < 60'000 && posts < count; ++i) usleep(1000);
    return posts >= count;
  }
  void run() {
    std::vector<std::function<void()>> now;
    {
      const std::lock_guard lock(mutex);
      now.swap(tasks);
    }
    for (const auto& task : now) task();
  }
};

TEST_F(BeatTest, a_foreign_loop_beats_through_its_own_queue) {
  Loop loop;
  {
    const BeatThrough beats("loop", loop.post());
    ASSERT_TRUE(loop.await_posts(1));
    EXPECT_EQ(slot(0).last_ns.load(), 0) << "it beats when the loop has come to it, not before";
    loop.run();
    EXPECT_STREQ(slot(0).name, "loop");
    EXPECT_EQ(slot(0).count.load(), 1u);
    EXPECT_NE(slot(0).last_ns.load(), 0);
    ASSERT_TRUE(loop.await_posts(2));
  }
  EXPECT_EQ(slot(0).last_ns.load(), 0) << "a loop that has ended is not one that is stuck";
  loop.run();
  EXPECT_EQ(slot(0).count.load(), 1u) << "what was left with the loop does nothing";
  EXPECT_EQ(slot(0).last_ns.load(), 0);
}

TEST_F(BeatTest, a_loop_that_is_stuck_is_not_given_more) {
  Loop stuck, other;
  const BeatThrough beats("stuck", stuck.post());
  const BeatThrough others("other", other.post());
  for (int turn = 1; turn <= 3; ++turn) {
    ASSERT_TRUE(other.await_posts(turn));
    other.run();
  }
  EXPECT_EQ(stuck.posts, 1);
}

}  // namespace
}  // namespace outrigger::health
