#include <gtest/gtest.h>

#include "admin/pages.h"
#include "request_for.h"

namespace outrigger::admin {
namespace {

using namespace std::chrono_literals;

TEST(ParseLasting, adds_up_its_units) {
  EXPECT_EQ(*parse_lasting("10m"), 10min);
  EXPECT_EQ(*parse_lasting("90s"), 90s);
  EXPECT_EQ(*parse_lasting("1h30m"), 90min);
  EXPECT_EQ(*parse_lasting("24h"), 24h);
}

TEST(ParseLasting, refuses_what_is_no_time) {
  for (const char* text : {"", "10", "m", "0s", "-5m", "1.5h", "10ms", "10 m", "25h", "24h1s",
                           "4294967296s", "99999999999999999999s", "m10", "10mm"}) {
    EXPECT_FALSE(parse_lasting(text)) << text;
  }
}

TEST(LevelChange, reads_what_is_asked) {
  MadeRequest made("PUT", "/log/level");
  made.asking("level", "debug").asking("for", "10m").asking("module", "db");
  const auto change = level_change(made.request);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->level, Level::kDebug);
  EXPECT_EQ(change->lasting, 10min);
  EXPECT_EQ(change->module, "db");
}

TEST(LevelChange, says_what_will_not_do) {
  MadeRequest none("PUT", "/log/level");
  EXPECT_EQ(level_change(none.request).error().message,
            "level \"\" will not do: expected trace, debug, info, warn, error or fatal");
  MadeRequest misspelt("PUT", "/log/level");
  misspelt.asking("level", "debug").asking("fro", "10m");
  EXPECT_EQ(level_change(misspelt.request).error().parameter, "fro")
      << "or the level would stay for good";
  MadeRequest endless("PUT", "/log/level");
  endless.asking("level", "debug").asking("for", "ever");
  EXPECT_EQ(level_change(endless.request).error().parameter, "for");
}

TEST(LevelPage, says_until_when) {
  EXPECT_EQ(level_page({}).body, "{\"level\":\"INFO\"}\n");
  LevelReport report{
      .level = Level::kDebug, .until_ns = 1'000'000'000'000'000'000, .returns_to = Level::kWarn};
  EXPECT_EQ(
      level_page(report).body,
      "{\"level\":\"DEBUG\",\"until\":\"2001-09-09T01:46:40.000Z\",\"returns_to\":\"WARN\"}\n");
  LevelReport with_modules;
  with_modules.modules = {{"db", Level::kDebug}, {"net", Level::kInfo}};
  EXPECT_EQ(level_page(with_modules).body,
            "{\"level\":\"INFO\",\"modules\":{\"db\":\"DEBUG\",\"net\":\"INFO\"}}\n");
}

}  // namespace
}  // namespace outrigger::admin
