// Existing glog calls, arriving as entries of their own.
#include "outrigger/glog.h"

#include <gtest/gtest.h>

#include "outrigger/testing.h"

namespace {

TEST(Glog, entries_arrive_with_their_own_file_and_line) {
  FLAGS_logtostderr = true;
  FLAGS_stderrthreshold = google::FATAL;
  FLAGS_minloglevel = 0;
  google::InitGoogleLogging("glog_test");
  outrigger::testing::Scope scope({.quiet = true});
  int line = 0;
  {
    const outrigger::GlogSink sink;
    line = __LINE__ + 1;
    LOG(ERROR) << "pool " << 7 << " is full";
    LOG(INFO) << "two\nlines";
  }
  LOG(WARNING) << "after the sink";
  const auto entries = scope.entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].message, "pool 7 is full");
  EXPECT_EQ(entries[0].level, outrigger::log::Level::kError);
  EXPECT_EQ(entries[0].source, "glog_test.cc:" + std::to_string(line));
  EXPECT_EQ(entries[1].message, "two\nlines");
}

TEST(GlogDeathTest, fatal_is_an_entry_and_still_the_end) {
  GTEST_FLAG_SET(death_test_style, "fast");
  EXPECT_DEATH(
      {
        const outrigger::GlogSink sink;
        LOG(FATAL) << "no way on";
      },
      "FATAL no way on \\(glog_test.cc");
}

}  // namespace
