// Existing spdlog calls, arriving as entries of their own.
#define SPDLOG_ACTIVE_LEVEL SPDLOG_LEVEL_TRACE  // for the macros
#include "outrigger/spdlog.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "outrigger/testing.h"

namespace {

TEST(Spdlog, entries_arrive_with_their_own_file_and_line) {
  outrigger::testing::Scope scope({.quiet = true});
  spdlog::set_default_logger(outrigger::spdlog_logger("app"));
  const int line = __LINE__ + 1;
  SPDLOG_WARN("pool {} is {}", 7, "full");
  spdlog::info("braces {{}} stay");
  spdlog::debug("below the level");
  spdlog::critical("gravest");
  const auto entries = scope.entries();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].message, "pool 7 is full");
  EXPECT_EQ(entries[0].level, outrigger::log::Level::kWarn);
  EXPECT_EQ(entries[0].source, "spdlog_test.cc:" + std::to_string(line));
  EXPECT_EQ(entries[0].field("module"), "app");
  // Without arguments spdlog formats nothing.
  EXPECT_EQ(entries[1].message, "braces {{}} stay");
  EXPECT_EQ(entries[1].source, "");
  EXPECT_EQ(entries[2].level, outrigger::log::Level::kFatal);
}

TEST(Spdlog, a_loggers_level_is_its_modules) {
  outrigger::testing::Scope scope;
  const auto logger = outrigger::spdlog_logger("db");
  auto module = outrigger::log::module("db");
  module.set_level(outrigger::log::Level::kDebug);
  logger->debug("seen");
  module.follow_service();
  logger->debug("not seen");
  EXPECT_EQ(scope.entries().size(), 1u);
}

TEST(Spdlog, entries_are_within_the_threads_context) {
  outrigger::testing::Scope scope;
  const outrigger::log::Within within(outrigger::log::Context().with("user", "ada"));
  outrigger::spdlog_logger("x")->info("hello");
  EXPECT_EQ(scope.entries().back().field("user"), "ada");
}

}  // namespace
