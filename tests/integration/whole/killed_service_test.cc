// Nothing committed is lost, however the service ends.
#include <signal.h>

#include <random>
#include <thread>

#include "logged.h"

namespace outrigger::whole {
namespace {

constexpr int kThreads = 4;

std::vector<std::string> arguments(const CountsFile& counts, std::vector<std::string> more) {
  std::vector<std::string> all{"run",         "--listen",    "127.0.0.1:0",
                               "--admin",     "127.0.0.1:0", "--logs",
                               "stdout-json", "--threads",   std::to_string(kThreads),
                               "--counts",    counts.path()};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

int runs() {
  const char* text = getenv("OUTRIGGER_TEST_KILLS");
  return text != nullptr ? atoi(text) : 20;
}

TEST(KilledService, loses_nothing_it_committed_at_full_speed) {
  std::mt19937 random(std::random_device{}());
  for (int run = 0; run < runs(); ++run) {
    CountsFile counts;
    Program program(LOGGER, arguments(counts, {}));
    ASSERT_TRUE(eventually(kPatience, [&] { return counts->returned[kThreads - 1].load() > 0; }))
        << program.err();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    kill(counts->service_pid.load(), SIGKILL);
    ASSERT_EQ(program.exit_status(kPatience), 137) << program.err();
    expect_nothing_lost(parse(program.out()), counts, kThreads);
    if (HasFailure()) FAIL() << "in run " << run << "\n" << program.err();
  }
}

TEST(KilledService, drops_nothing_when_it_logs_below_the_keepers_capacity) {
  std::mt19937 random(std::random_device{}());
  for (int run = 0; run < runs() / 4 + 1; ++run) {
    CountsFile counts;
    Program program(LOGGER, arguments(counts, {"--rate", "5000"}));
    ASSERT_TRUE(eventually(kPatience, [&] { return counts->returned[kThreads - 1].load() > 0; }))
        << program.err();
    std::this_thread::sleep_for(std::chrono::microseconds(100'000 + random() % 200'000));
    kill(counts->service_pid.load(), SIGKILL);
    ASSERT_EQ(program.exit_status(kPatience), 137) << program.err();
    const Logged logged = parse(program.out());
    EXPECT_EQ(logged.dropped, 0);
    expect_nothing_lost(logged, counts, kThreads);
  }
}

struct Ending {
  const char* how;
  int status;
};
class EndedService : public testing::TestWithParam<Ending> {};

TEST_P(EndedService, loses_nothing_and_is_mirrored) {
  CountsFile counts;
  Program program(
      LOGGER, arguments(counts, {"--end", GetParam().how, "--after", "80ms", "--rate", "5000"}));
  ASSERT_EQ(program.exit_status(kPatience), GetParam().status) << program.err();
  const Logged logged = parse(program.out());
  EXPECT_GT(logged.lines.size(), 0u);
  EXPECT_EQ(logged.dropped, 0);
  expect_nothing_lost(logged, counts, kThreads);
}
INSTANTIATE_TEST_SUITE_P(Endings, EndedService,
                         testing::Values(Ending{"segv", 139}, Ending{"abort", 134},
                                         Ending{"exit", 7}),
                         [](const auto& ending) { return std::string(ending.param.how); });

TEST(StoppedService, has_every_line_out_and_exits_0) {
  CountsFile counts;
  Program program(LOGGER, arguments(counts, {"--rate", "2000"}));
  ASSERT_TRUE(eventually(kPatience, [&] { return counts->returned[kThreads - 1].load() > 100; }))
      << program.err();
  kill(program.pid(), SIGTERM);
  ASSERT_EQ(program.exit_status(kPatience), 0) << program.err();
  const Logged logged = parse(program.out());
  EXPECT_EQ(logged.dropped, 0);
  for (int t = 0; t < kThreads; ++t) {
    EXPECT_EQ(logged.lines.at(t).size(), counts->returned[t].load());
  }
}

}  // namespace
}  // namespace outrigger::whole
