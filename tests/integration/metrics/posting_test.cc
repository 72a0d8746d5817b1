// What is posted adds up to what the service counted, to the last one, whatever dies: a real
// service, a real keeper, TLS, the strict emulator.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include "emulator.h"
#include "harness.h"
#include "logged.h"

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
  // "count" or "sum" of all that was posted under that name.
  int64_t posted(const std::string& metric, const std::string& what) const {
    const std::string report = emulator_.report();
    const size_t key = report.find("\"logger " + metric + " Environment=local\":");
    if (key == std::string::npos) return 0;
    const size_t at = report.find("\"" + what + "\":", key);
    return at == std::string::npos
               ? 0
               : static_cast<int64_t>(strtod(report.c_str() + at + what.size() + 3, nullptr));
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
  // 0 when there is none.
  static int64_t ambiguous(const std::string& health) {
    const size_t metrics = health.find("\"metrics\":", health.find("\"shipping\":"));
    const size_t at = health.find("\"ambiguous\":", metrics);
    return at == std::string::npos ? 0 : strtoll(health.c_str() + at + 12, nullptr, 10);
  }
  void expect_sums(int64_t under_way) const {
    EXPECT_GE(posted("Lines", "sum"), returned());
    EXPECT_LE(posted("Lines", "sum"), returned() + under_way);
    EXPECT_GE(posted("Numbers", "count"), returned());
    EXPECT_LE(posted("Numbers", "count"), returned() + under_way);
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
  else EXPECT_GE(posted("Lines", "sum"), returned());
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

}  // namespace
}  // namespace outrigger::whole
