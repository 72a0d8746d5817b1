// Who may choose a dimension's value gets no further than the bound: memory stays as it is, CloudWatch
// gets no more metrics than that, and page and /metrics tell.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>

#include "emulator.h"
#include "watched.h"

namespace outrigger::whole {
namespace {

constexpr int64_t kSets = 200;  // the default bound
constexpr int64_t kFirst = 1'000, kRest = 999'000;
// What the allocator's and the profiler's own rhythm may add; a set of each value would be 100 MB.
constexpr int64_t kSlack = 1 << 20;

struct MemoryInUse {
  int64_t service, keeper, segment;
};

class AttackTest : public testing::Test {
 protected:
  void attack(int64_t values) {
    const auto answer =
        http(program_.service_port(), "/attack?values=" + std::to_string(values), "POST");
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  MemoryInUse memory() {
    const pid_t keeper = program_.keeper_pid();
    return {own_bytes(program_.service_pid()), own_bytes(keeper),
            memfd_of(keeper, "outrigger-segment").touched};
  }
  StartOptions options() const {
    StartOptions options;
    options.environment = emulator_.environment();
    return options;
  }

  test::Emulator emulator_;
  Program program_{WORKER,
                   {"run", "--logs", "stdout-json", "--metrics", "cloudwatch", "--listen",
                    "127.0.0.1:0", "--admin", "127.0.0.1:0"},
                   options()};
};

TEST_F(AttackTest, a_million_random_values_of_a_dimension) {
  attack(kFirst);
  ASSERT_TRUE(eventually(
      kPatience, [&] { return emulator_.report().find("Seen User=other") != std::string::npos; }));
  metrics_page(program_.admin_port());
  const MemoryInUse before = memory();
  attack(kRest);
  const std::string page = metrics_page(program_.admin_port());
  const std::string health = http(program_.admin_port(), "/health").body;
  const MemoryInUse after = memory();
  printf("service %+ld, keeper %+ld, segment %+ld bytes after %ld more values\n",
         static_cast<long>(after.service - before.service),
         static_cast<long>(after.keeper - before.keeper),
         static_cast<long>(after.segment - before.segment), static_cast<long>(kRest));
  ASSERT_GT(before.service, 0);
  ASSERT_GT(before.keeper, 0);
  ASSERT_GT(before.segment, 0);
  EXPECT_LE(after.service, before.service + kSlack);
  EXPECT_LE(after.keeper, before.keeper + kSlack);
  EXPECT_LE(after.segment, before.segment + kSlack);

  constexpr int64_t kOverflow = kFirst + kRest - kSets;
  EXPECT_EQ(sample_of(page, "outrigger_metrics_other_total"), kOverflow);
  EXPECT_EQ(sample_of(page, "seen_total{user=\"other\"}"), kOverflow);
  EXPECT_NE(health.find(std::to_string(kOverflow) + " updates of metrics went to \\\"other\\\""),
            std::string::npos)
      << health.substr(0, 2'000);

  kill(program_.pid(), SIGTERM);
  EXPECT_EQ(program_.exit_status(kPatience), 0) << program_.err();
  EXPECT_EQ(emulator_.violations(), 0);
  const std::string report = emulator_.report();
  int64_t sent = 0;
  for (size_t at = 0; (at = report.find("\"worker Seen User=", at)) != std::string::npos; ++at)
    ++sent;
  EXPECT_EQ(sent, kSets + 1) << "and the one that took the rest";
}

}  // namespace
}  // namespace outrigger::whole
