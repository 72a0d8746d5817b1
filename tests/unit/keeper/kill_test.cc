// The keeper killed again and again under load: nothing committed is lost, what is dropped is
// counted exactly, and only what a write() under way had put out may appear twice.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "crew.h"
#include "outrigger/log.h"

namespace outrigger::keeper {
namespace {

// How one run came out, read from what the keeper printed.
struct Tally {
  std::map<int, std::set<uint64_t>> numbers;  // per thread, those of its lines
  uint64_t repeated = 0;
  uint64_t out_of_order = 0;
  uint64_t dropped = 0;    // as the entries tell it
  uint64_t malformed = 0;  // cut by a kill inside write()
  uint64_t restarts_told = 0;
};

bool is_whole(const std::string& line) {
  return line.starts_with("{\"time\":\"") && line.ends_with("}");
}

// In each ring, every sequence number is an entry's or is covered by a gap.
class Rings {
 public:
  void add(const std::string& line, Tally& tally) {
    const std::string ring = field_of(line, "ring");
    const uint64_t sequence = strtoull(field_of(line, "seq").c_str(), nullptr, 10);
    const std::string count =
        field_of(line, "message").starts_with("dropped") ? field_of(line, "count") : "";
    if (!keys_.insert(ring + "/" + std::to_string(sequence)).second) {
      ++tally.repeated;
      return;
    }
    if (!count.empty()) tally.dropped += strtoull(count.c_str(), nullptr, 10);
    uint64_t& next = next_[ring];
    if (sequence < next) ++tally.out_of_order;
    next = sequence + 1;
  }

 private:
  std::set<std::string> keys_;
  std::map<std::string, uint64_t> next_;
};

Tally read_tally(const std::string& output) {
  Tally tally;
  Rings rings;
  for (const std::string& line : lines_of(output)) {
    if (!is_whole(line)) {
      ++tally.malformed;
      continue;
    }
    rings.add(line, tally);
    if (line.find("\"message\":\"keeper started again") != std::string::npos) ++tally.restarts_told;
    const std::string thread = field_of(line, "worker");
    if (thread.empty()) continue;
    tally.numbers[atoi(thread.c_str())].insert(strtoull(field_of(line, "n").c_str(), nullptr, 10));
  }
  return tally;
}

struct Load {
  const char* name;
  int kills;
  int burst;      // calls in a row
  long pause_ns;  // then
  long life_ns_max;
};

class KeeperKilled : public testing::TestWithParam<Load> {};

TEST_P(KeeperKilled, under_load_nothing_is_lost) {
  constexpr int kThreads = 3;
  const Load load = GetParam();
  Crew crew;
  std::atomic<bool> stop{false};
  std::array<uint64_t, kThreads> calls{};
  crew.start_keeper();
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kThreads; ++worker) {
    workers.emplace_back([&, worker] {
      uint64_t n = 0;
      while (!stop.load()) {
        for (int i = 0; i < load.burst; ++i) log::info("line {n} of {worker}", n++, worker);
        const timespec pause{0, load.pause_ns};
        nanosleep(&pause, nullptr);
      }
      calls[static_cast<size_t>(worker)] = n;
    });
  }
  // On a slow machine all of the others may die before they have found one before them.
  ASSERT_TRUE(eventually([&] { return !crew.output().empty(); }));
  std::mt19937 random(1);
  for (int kill = 0; kill < load.kills; ++kill) {
    const timespec life{0,
                        static_cast<long>(random() % static_cast<unsigned long>(load.life_ns_max))};
    nanosleep(&life, nullptr);
    crew.kill_keeper(kill % 4 == 3 ? SIGSEGV : SIGKILL);
    crew.start_keeper();
  }
  stop = true;
  for (std::thread& worker : workers) worker.join();
  crew.say_service_ended(CLD_EXITED, 0);
  ASSERT_EQ(crew.wait_for_keeper(), 0);

  const Tally tally = read_tally(crew.output());
  uint64_t all_calls = 0, all_lines = 0;
  for (int worker = 0; worker < kThreads; ++worker) {
    all_calls += calls[static_cast<size_t>(worker)];
    const auto found = tally.numbers.find(worker);
    ASSERT_NE(found, tally.numbers.end());
    all_lines += found->second.size();
    EXPECT_LT(*found->second.rbegin(), calls[static_cast<size_t>(worker)]);
  }
  EXPECT_EQ(all_lines + tally.dropped, all_calls);
  EXPECT_EQ(tally.out_of_order, 0u);
  EXPECT_GT(tally.restarts_told, 0u);
  EXPECT_LE(tally.malformed, static_cast<uint64_t>(load.kills));
  // 64 KiB of lines of some 170 bytes, for each kill at the most unlucky moment.
  EXPECT_LE(tally.repeated, static_cast<uint64_t>(load.kills) * 400);
  RecordProperty("calls", static_cast<int>(all_calls));
  RecordProperty("dropped", static_cast<int>(tally.dropped));
  RecordProperty("repeated", static_cast<int>(tally.repeated));
}

INSTANTIATE_TEST_SUITE_P(Loads, KeeperKilled,
                         testing::Values(Load{"paced", 100, 20, 300'000, 25'000'000},
                                         Load{"overload", 10, 12'000, 8'000'000, 60'000'000}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace outrigger::keeper
