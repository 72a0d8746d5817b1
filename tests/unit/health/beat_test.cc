#include "health/beat.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

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

}  // namespace
}  // namespace outrigger::health
