#include "keeper/glog_prefix.h"

#include <gtest/gtest.h>

namespace outrigger::keeper {
namespace {

TEST(GlogPrefix, glog_and_absl) {
  const auto line =
      parse_glog_prefix("W1124 01:42:32.123456 12345 src/file.cc:41] disk is full: /");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->level, 3u);
  EXPECT_EQ(line->file, "src/file.cc");
  EXPECT_EQ(line->line, 41u);
  EXPECT_EQ(line->message, "disk is full: /");
  EXPECT_EQ(parse_glog_prefix("I20261124 01:42:32.123456     7 a.cc:1] x")->level, 2u);
  EXPECT_EQ(parse_glog_prefix("E1124 01:42:32.123456     7 a.cc:1] ")->message, "");
  EXPECT_EQ(parse_glog_prefix("F1124 01:42:32.123456     7 a.cc:1] [x] y")->message, "[x] y");
}

TEST(GlogPrefix, other_lines_are_left_alone) {
  for (const char* text :
       {"", "I", "Info: all is well", "W1124", "W1124 01:42",
        "X1124 01:42:32.123456 12345 file.cc:41] x", "W112 01:42:32.123456 12345 file.cc:41] x",
        "W1124 01:42:32.123 12345 file.cc:41] x", "W1124 01:42:32.123456 12345 file.cc] x",
        "W1124 01:42:32.123456 12345 :41] x", "W1124 01:42:32.123456 12345 file.cc:4x] x",
        "W1124 01:42:32.123456 12345 file.cc:41 x",
        "W1124 01:42:32.123456 12345 file.cc:99999999999] x",
        "W1124 01:42:32.123456 12345 a b.cc:4] x", "W1124 01:42:32.123456 file.cc:41] x"})
    EXPECT_FALSE(parse_glog_prefix(text)) << text;
}

}  // namespace
}  // namespace outrigger::keeper
