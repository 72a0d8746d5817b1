// A fallen keeper is not felt: it is replaced, nothing is lost, and the service answers all the
// while.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "logged.h"

namespace outrigger::whole {
namespace {

constexpr int kThreads = 4;
// One write() of the keeper may be repeated by its successor (docs/ARCHITECTURE.md); so many lines
// it holds at most.
constexpr size_t kWindowLines = 64 * 1024 / 100;

int kills() {
  const char* text = getenv("OUTRIGGER_TEST_KEEPER_KILLS");
  return text != nullptr ? atoi(text) : 30;
}

TEST(KilledKeeper, is_replaced_and_nothing_is_lost) {
  CountsFile counts;
  Program program(LOGGER, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs",
                           "stdout-json", "--threads", std::to_string(kThreads), "--counts",
                           counts.path(), "--rate", "3000", "--cost"});
  const int admin = program.admin_port();
  ASSERT_NE(admin, 0) << program.err();
  const int service = program.service_port();
  ASSERT_NE(service, 0) << program.err() << program.out().substr(0, 2000);

  std::atomic<int> answered{0}, failed{0};
  std::jthread client([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      http(service, "/ping").status == 200 ? ++answered : ++failed;
      std::this_thread::sleep_for(2ms);
    }
  });

  std::this_thread::sleep_for(3s);
  counts->phase.store(1);
  const int rounds = kills();
  std::chrono::nanoseconds slowest{0};  // printed: wall times gate nothing
  for (int i = 0; i < rounds; ++i) {
    const pid_t keeper = program.keeper_pid();
    ASSERT_GT(keeper, 0) << "kill " << i << ": " << program.err();
    ASSERT_EQ(kill(keeper, i % 2 == 0 ? SIGKILL : SIGSEGV), 0);
    const auto fell = std::chrono::steady_clock::now();
    ASSERT_TRUE(eventually(kPatience,
                           [&] {
                             const std::string page = http(admin, "/health", "GET", 500ms).body;
                             return json_number(
                                        page.substr(std::min(page.size(), page.find("\"keeper\""))),
                                        "restarts") == i + 1;
                           }))
        << "the page did not come back after kill " << i << "\n"
        << http(admin, "/health").body << program.err()
        << (program.wait(0ms) ? "the whole service has ended" : "");
    slowest = std::max(slowest, std::chrono::steady_clock::now() - fell);
  }
  client.request_stop();
  client.join();
  EXPECT_GT(answered.load(), rounds);
  EXPECT_EQ(failed.load(), 0);

  kill(program.pid(), SIGTERM);
  ASSERT_EQ(program.exit_status(kPatience), 0) << program.err();
  const Logged logged = parse(program.out());
  EXPECT_EQ(logged.dropped, 0);
  size_t repeated = 0;
  for (int t = 0; t < kThreads; ++t) {
    const std::vector<int64_t>& lines = logged.lines.at(t);
    const std::set<int64_t> distinct(lines.begin(), lines.end());
    EXPECT_EQ(distinct.size(), counts->returned[t].load()) << "thread " << t << " lost lines";
    repeated += lines.size() - distinct.size();
  }
  EXPECT_LE(repeated, static_cast<size_t>(rounds) * kWindowLines);
  RecordProperty("repeated_lines", static_cast<int>(repeated));
  printf("the page was away for at most %ld ms\n", static_cast<long>(slowest / 1ms));
  printf(
      "a log call in bursts of 50, ns p50/p90: %d/%d undisturbed, %d/%d while the keeper is "
      "killed\n",
      cost_percentile(counts, 0, 50), cost_percentile(counts, 0, 90),
      cost_percentile(counts, 1, 50), cost_percentile(counts, 1, 90));
  printf("%d kills: %zu lines repeated, %d requests answered meanwhile\n", rounds, repeated,
         answered.load());
}

}  // namespace
}  // namespace outrigger::whole
