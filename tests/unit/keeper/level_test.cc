#include "keeper/level.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "base/fd.h"

namespace outrigger::keeper {
namespace {

using admin::Level;
using std::chrono::seconds;

constexpr int64_t kNow = 1'795'484'552'000'000'000;
constexpr int64_t kSecond = 1'000'000'000;

class LevelTest : public testing::Test {
 protected:
  uint32_t told() const { return view_.control().level.load(); }
  uint32_t version() const { return view_.control().level_version.load(); }

  std::unique_ptr<char[]> memory_ = std::make_unique<char[]>(segment::kBytes);
  segment::View view_{memory_.get()};
  SpoolMemory spool_{};
  base::Fd bell_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  LevelControl level_{view_, spool_, bell_.get()};
};

TEST_F(LevelTest, is_the_declared_one_until_it_is_set) {
  level_.set_declared(Level::kWarn);
  EXPECT_EQ(level_.report().level, Level::kWarn);
  EXPECT_EQ(version(), 0u) << "the service knows that one";
  const auto report = level_.set(Level::kDebug, std::nullopt, kNow);
  EXPECT_EQ(report.level, Level::kDebug);
  EXPECT_FALSE(report.until_ns);
  EXPECT_EQ(told(), 1u);
  EXPECT_EQ(version(), 1u);
  uint64_t rung = 0;
  EXPECT_EQ(read(bell_.get(), &rung, sizeof(rung)), 8);
  level_.set_declared(Level::kError);
  EXPECT_EQ(level_.report().level, Level::kDebug);
}

TEST_F(LevelTest, returns_after_a_while) {
  level_.set_declared(Level::kWarn);
  const auto report = level_.set(Level::kTrace, seconds(10), kNow);
  EXPECT_EQ(report.until_ns, kNow + 10 * kSecond);
  EXPECT_EQ(report.returns_to, Level::kWarn);
  level_.tick(kNow + 9 * kSecond);
  EXPECT_EQ(told(), 0u);
  level_.tick(kNow + 10 * kSecond);
  EXPECT_EQ(told(), 3u);
  EXPECT_EQ(level_.report().level, Level::kWarn);
  EXPECT_FALSE(level_.report().until_ns);
}

TEST_F(LevelTest, a_second_change_for_a_while_returns_to_the_same_level) {
  level_.set_declared(Level::kWarn);
  level_.set(Level::kTrace, seconds(10), kNow);
  EXPECT_EQ(level_.set(Level::kDebug, seconds(20), kNow).returns_to, Level::kWarn);
  level_.set(Level::kError, std::nullopt, kNow);
  level_.tick(kNow + 100 * kSecond);
  EXPECT_EQ(told(), 4u) << "one for good ends it";
}

TEST_F(LevelTest, a_successor_knows_the_level_and_its_end) {
  level_.set_declared(Level::kWarn);
  level_.set(Level::kTrace, seconds(10), kNow);
  LevelControl successor(view_, spool_, -1);
  successor.set_declared(Level::kWarn);
  EXPECT_EQ(successor.report().level, Level::kTrace);
  successor.tick(kNow + 11 * kSecond);
  EXPECT_EQ(told(), 3u);
}

TEST_F(LevelTest, a_scribbled_level_is_brought_into_range) {
  view_.control().level = 77;
  view_.control().level_version = 1;
  EXPECT_EQ(LevelControl(view_, spool_, -1).report().level, Level::kFatal);
}

TEST_F(LevelTest, a_module_has_one_of_its_own_for_a_while) {
  strcpy(view_.service().module_names[0], "db");
  strcpy(view_.service().module_names[1], "\xff\x1b");
  view_.service().modules = 2;
  level_.set_declared(Level::kWarn);
  EXPECT_EQ(level_.report("db")->level, Level::kWarn);
  EXPECT_EQ(level_.report("nothing").error().kind, ErrorKind::kNotFound);
  const auto report = level_.set("db", Level::kDebug, seconds(10), kNow);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->returns_to, Level::kWarn);
  EXPECT_EQ(view_.control().module_levels[0].load(), 2u);
  EXPECT_EQ(version(), 1u);
  EXPECT_EQ(level_.report().level, Level::kWarn);
  ASSERT_EQ(level_.report().modules.size(), 2u);
  EXPECT_EQ(level_.report().modules[0], std::pair(std::string("db"), Level::kDebug));
  LevelControl successor(view_, spool_, bell_.get());
  successor.tick(kNow + 9 * kSecond);
  EXPECT_EQ(version(), 1u);
  successor.tick(kNow + 10 * kSecond);
  EXPECT_EQ(view_.control().module_levels[0].load(), 0u);
  EXPECT_EQ(version(), 2u);
}

TEST_F(LevelTest, what_the_service_claims_of_modules_is_not_believed) {
  view_.service().modules = UINT32_MAX;
  memset(view_.service().module_names, 'x', sizeof(view_.service().module_names));
  for (auto& own : view_.control().module_levels) own = UINT32_MAX;
  EXPECT_EQ(level_.report().modules.size(), segment::kModules);
  EXPECT_EQ(level_.report().modules[0].second, Level::kFatal);
}

}  // namespace
}  // namespace outrigger::keeper
