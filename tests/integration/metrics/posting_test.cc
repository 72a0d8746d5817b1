// What is posted adds up to what the service counted, to the last one, whatever dies: a real
// service, a real keeper, TLS, the strict emulator.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "emulator.h"
#include "harness.h"
#include "logged.h"
#include "posted.h"

namespace outrigger::whole {
namespace {

constexpr int kThreads = 2;

class PostingTest : public testing::Test {
 protected:
  StartOptions options() const {
    StartOptions options;
    options.environment = emulator_.environment();
    return options;
  }
  std::vector<std::string> arguments() const {
    return {"run",      "--logs",       "stdout-json", "--metrics", "cloudwatch",
            "--counts", counts_.path(), "--threads",   "2",         "--rate",
            "500",      "--listen",     "127.0.0.1:0", "--admin",   "127.0.0.1:0"};
  }
  int64_t posted(const std::string& metric, const std::string& what) const {
    const double number = whole::posted(emulator_, "logger " + metric + " Environment=local", what);
    return std::max(int64_t{0}, static_cast<int64_t>(number));
  }
  bool posts(int64_t more = 100) const {
    const int64_t before = posted("Lines", "sum");
    return eventually(60s, [&] { return posted("Lines", "sum") >= before + more; });
  }
  int64_t returned() const {
    int64_t sum = 0;
    for (int t = 0; t < kThreads; ++t) sum += static_cast<int64_t>(counts_->returned[t].load());
    return sum;
  }
  // Of the page's numbers about the shipping of metrics; 0 when there is none.
  static int64_t shipping(const std::string& health, const std::string& what) {
    const size_t metrics = health.find("\"metrics\":", health.find("\"shipping\":"));
    const size_t at = health.find("\"" + what + "\":", metrics);
    return at == std::string::npos ? 0
                                   : strtoll(health.c_str() + at + what.size() + 3, nullptr, 10);
  }
  static int64_t ambiguous(const std::string& health) { return shipping(health, "ambiguous"); }
  // Loses the answers of most posts until so many datums are ambiguous.
  void lose_answers(Program& program, const char* kind, int64_t datums) const {
    emulator_.set_faults(R"({"kind":")" + std::string(kind) +
                         R"(","operation":"PutMetricData","probability":0.6})");
    EXPECT_TRUE(eventually(kPatience, [&] {
      return ambiguous(http(program.admin_port(), "/health").body) >= datums;
    })) << http(program.admin_port(), "/health").body.substr(0, 2'000);
    emulator_.clear_faults();
  }
  // Nothing is counted any more, and all has been posted: every datum that came was acknowledged or
  // is ambiguous. The page's text.
  std::string settled(Program& program) const {
    counts_->stop.store(true);
    const auto datums = [&] { return emulator_.count({"metrics", "datums"}); };
    std::string health;
    // The counter is sent each second, if there is nothing to add as well. What was waiting comes
    // first, then what was collected meanwhile, then one that has seen the last line.
    for (int turn = 0; turn < 3; ++turn) {
      const int64_t seen = datums();
      EXPECT_TRUE(eventually(kPatience, [&] {
        const int64_t before = datums();
        health = http(program.admin_port(), "/health").body;
        return before > seen && shipping(health, "pending") == 0 && before == datums();
      }));
    }
    return health;
  }
  void expect_sums(int64_t under_way) const {
    EXPECT_GE(posted("Lines", "sum"), returned());
    EXPECT_LE(posted("Lines", "sum"), returned() + under_way);
    EXPECT_GE(posted("Numbers", "count"), returned());
    EXPECT_LE(posted("Numbers", "count"), returned() + under_way);
    EXPECT_EQ(emulator_.violations(), 0) << emulator_.report().substr(0, 2'000);
  }

  // What is too much is within what so many ambiguous datums can have added.
  void expect_within(int64_t ambiguous, int64_t under_way) const {
    EXPECT_GE(posted("Lines", "sum"), returned());
    const double most = largest_values(emulator_, "Lines", ambiguous);
    printf(
        "%ld posted of %ld that were counted, with %ld ambiguous datums: at most %.0f too many\n",
        static_cast<long>(posted("Lines", "sum")), static_cast<long>(returned()),
        static_cast<long>(ambiguous), most);
    EXPECT_LE(static_cast<double>(posted("Lines", "sum")),
              static_cast<double>(returned() + under_way) + most);
    EXPECT_EQ(emulator_.violations(), 0) << emulator_.report().substr(0, 2'000);
  }

  test::Emulator emulator_;
  CountsFile counts_;
};

TEST_F(PostingTest, all_is_posted_when_the_service_stops) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(posts()) << program.err() << emulator_.report().substr(0, 2'000);
  const std::string health = http(program.admin_port(), "/health").body;
  EXPECT_NE(health.find("\"Lines\""), std::string::npos) << health;
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(60s), 0) << program.err();
  EXPECT_GT(returned(), 100);
  expect_sums(0);
}

TEST_F(PostingTest, a_killed_service_s_last_values_are_posted) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(posts());
  kill(program.service_pid(), SIGKILL);
  EXPECT_EQ(program.exit_status(60s), 128 + SIGKILL);
  expect_sums(kThreads);
}

TEST_F(PostingTest, a_killed_keeper_s_successor_posts_the_rest) {
  Program program(LOGGER, arguments(), options());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(posts());
    const pid_t keeper = program.keeper_pid();
    kill(keeper, SIGKILL);
    ASSERT_TRUE(eventually(60s, [&] { return program.keeper_pid() != keeper; }));
  }
  ASSERT_TRUE(posts());
  // A keeper that died while a request was under way leaves what may have been taken twice.
  const int64_t excess = ambiguous(http(program.admin_port(), "/health").body);
  kill(program.service_pid(), SIGKILL);
  EXPECT_EQ(program.exit_status(60s), 128 + SIGKILL);
  if (excess == 0) expect_sums(kThreads);
  expect_within(excess, kThreads);
}

TEST_F(PostingTest, an_outage_loses_nothing_and_a_lost_answer_is_told) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(posts());
  emulator_.set_faults(R"({"kind":"reset_before","operation":"PutMetricData"})");
  const int64_t before = returned();
  ASSERT_TRUE(eventually(60s, [&] { return returned() > before + 2'000; }));
  emulator_.clear_faults();
  ASSERT_TRUE(posts());
  emulator_.set_faults(R"({"kind":"reset_after","operation":"PutMetricData"})");
  ASSERT_TRUE(
      eventually(60s, [&] { return ambiguous(http(program.admin_port(), "/health").body) > 0; }));
  emulator_.clear_faults();
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(60s), 0) << program.err();
  EXPECT_GE(posted("Lines", "sum"), returned());
  EXPECT_EQ(emulator_.violations(), 0);
}

TEST_F(PostingTest, lost_answers_add_no_more_than_is_stated) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(posts());
  lose_answers(program, "reset_after", 10);
  const std::string health = settled(program);
  // All of these were taken, by the fault's nature: each ambiguous datum came twice, and no other.
  EXPECT_EQ(emulator_.count({"metrics", "datums"}), shipping(health, "sent") + ambiguous(health));
  EXPECT_EQ(shipping(health, "dropped"), 0);
  EXPECT_GT(posted("Lines", "sum"), returned()) << "no answer was lost";
  expect_within(ambiguous(health), 0);
}

TEST_F(PostingTest, requests_that_were_lost_before_they_were_taken_add_nothing) {
  Program program(LOGGER, arguments(), options());
  ASSERT_TRUE(posts());
  // The sender cannot tell: ambiguous as well.
  lose_answers(program, "reset_before", 10);
  const std::string health = settled(program);
  EXPECT_EQ(emulator_.count({"metrics", "datums"}), shipping(health, "sent"));
  EXPECT_EQ(posted("Lines", "sum"), returned());
  EXPECT_EQ(posted("Numbers", "count"), returned());
  EXPECT_EQ(emulator_.violations(), 0);
}

// An option in code: a lost answer counts as one that came.
TEST_F(PostingTest, at_most_once_adds_nothing_when_answers_are_lost) {
  StartOptions once = options();
  once.environment.push_back("LOGGER_AT_MOST_ONCE=1");
  Program program(LOGGER, arguments(), once);
  ASSERT_TRUE(posts());
  lose_answers(program, "reset_after", 10);
  const std::string health = settled(program);
  EXPECT_EQ(posted("Lines", "sum"), returned());
  EXPECT_EQ(posted("Numbers", "count"), returned());
  EXPECT_EQ(emulator_.count({"metrics", "datums"}), shipping(health, "sent"));
  EXPECT_EQ(emulator_.violations(), 0);
}

TEST_F(PostingTest, at_most_once_loses_no_more_than_is_stated) {
  StartOptions once = options();
  once.environment.push_back("LOGGER_AT_MOST_ONCE=1");
  Program program(LOGGER, arguments(), once);
  ASSERT_TRUE(posts());
  lose_answers(program, "reset_before", 10);
  const std::string health = settled(program);
  EXPECT_EQ(emulator_.count({"metrics", "datums"}), shipping(health, "sent") - ambiguous(health));
  EXPECT_LT(posted("Lines", "sum"), returned()) << "no request was lost";
  EXPECT_EQ(emulator_.violations(), 0);
}

}  // namespace
}  // namespace outrigger::whole
