// Existing calls of Abseil's log, arriving as entries of their own.
#include "outrigger/absl.h"

#include <absl/log/globals.h>
#include <absl/log/initialize.h>
#include <absl/log/log.h>
#include <gtest/gtest.h>

#include "outrigger/testing.h"

namespace {

TEST(Absl, entries_arrive_with_their_own_file_and_line) {
  absl::InitializeLog();
  absl::SetStderrThreshold(absl::LogSeverityAtLeast::kInfinity);
  outrigger::testing::Scope scope({.quiet = true});
  int line = 0;
  {
    const outrigger::AbslSink sink;
    line = __LINE__ + 1;
    LOG(ERROR) << "pool " << 7 << " is full";
    LOG(INFO) << "two\nlines";
  }
  LOG(WARNING) << "after the sink";
  const auto entries = scope.entries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].message, "pool 7 is full");
  EXPECT_EQ(entries[0].level, outrigger::log::Level::kError);
  EXPECT_EQ(entries[0].source, "absl_test.cc:" + std::to_string(line));
  EXPECT_EQ(entries[1].message, "two\nlines");
}

TEST(AbslDeathTest, fatal_is_one_entry_and_still_the_end) {
  EXPECT_DEATH(
      {
        const outrigger::AbslSink sink;
        LOG(FATAL) << "no way on";
      },
      "FATAL no way on \\(absl_test.cc");
}

}  // namespace
