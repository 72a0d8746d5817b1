// A hundred thousand live counters: what they cost the keeper, the page and memory.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "emulator.h"
#include "segment/metrics.h"
#include "watched.h"

namespace outrigger::whole {
namespace {

constexpr int kCounters = 100'000;
// The promise, in processor time: a busy machine makes it later and not larger.
constexpr int64_t kCollectionNsMax = 100'000'000;
constexpr int64_t kPageNsMax = 10'000'000;

// As the meter's own budget says.
constexpr auto kLayout = segment::MetricLayout::of({.series = kCounters, .threads = 8});

std::vector<std::string> arguments(const char* metrics) {
  return {"run",   "--logs",   "stdout-json", "--counters", "100000",     "--metrics",
          metrics, "--listen", "127.0.0.1:0", "--admin",    "127.0.0.1:0"};
}

void wait_until_made(Program& program) {
  ASSERT_TRUE(eventually(kPatience, [&] {
    return http(program.admin_port(), "/readyz").status == 200;
  })) << program.err();
}

// When the counters were last collected; they are each second. Empty: not yet.
std::string posted_at(Program& program) {
  const std::string health =
      http(program.admin_port(), "/health", "GET", kPatience, "Accept: application/json\r\n").body;
  const size_t counter = health.find("\"C000000\"");
  if (counter == std::string::npos) return {};
  const size_t time = health.rfind("\"time\":", counter);
  return health.substr(time, health.find(',', time) - time);
}

bool are_collected(Program& program) {
  return eventually(kPatience, [&] { return !posted_at(program).empty(); });
}

TEST(ManyCounters, cost_the_keeper_less_than_a_tenth_of_a_second_a_collection) {
  Program program(METER, arguments("none"));
  wait_until_made(program);
  ASSERT_TRUE(are_collected(program));
  const pid_t keeper = program.keeper_pid();
  constexpr int kCollections = 5;
  std::string last = posted_at(program);
  const int64_t before_ns = cpu_ns(keeper, "or-metrics");
  for (int i = 0; i < kCollections; ++i) {
    ASSERT_TRUE(eventually(kPatience, [&] { return posted_at(program) != last; }));
    last = posted_at(program);
  }
  // One that was not seen makes the others dearer.
  const int64_t each_ns = (cpu_ns(keeper, "or-metrics") - before_ns) / kCollections;
  printf("a collection of %d counters: %.1f ms of the keeper's processor time\n", kCounters,
         static_cast<double>(each_ns) / 1e6);
  EXPECT_LT(each_ns, kCollectionNsMax);
}

TEST(ManyCounters, leave_the_page_as_quick_as_it_is) {
  Program program(METER, arguments("none"));
  wait_until_made(program);
  ASSERT_TRUE(are_collected(program));
  const pid_t keeper = program.keeper_pid();
  for (const char* accept : {"application/json", "text/html"}) {
    constexpr int kPages = 100;
    std::vector<int64_t> took_us;
    size_t bytes = 0;
    const int64_t before_ns = cpu_ns(keeper, "") - cpu_ns(keeper, "or-metrics");
    for (int i = 0; i < kPages; ++i) {
      const HttpAnswer page = http(program.admin_port(), "/health", "GET", kPatience,
                                   "Accept: " + std::string(accept) + "\r\n");
      ASSERT_EQ(page.status, 200);
      took_us.push_back(page.took.count());
      bytes = page.body.size();
    }
    const int64_t each_ns =
        (cpu_ns(keeper, "") - cpu_ns(keeper, "or-metrics") - before_ns) / kPages;
    std::sort(took_us.begin(), took_us.end());
    printf(
        "/health as %s: %.2f ms of processor time; %.2f ms, 99 of 100 within %.2f ms; %zu bytes\n",
        accept, static_cast<double>(each_ns) / 1e6, static_cast<double>(took_us[50]) / 1e3,
        static_cast<double>(took_us[98]) / 1e3, bytes);
    EXPECT_LT(each_ns, kPageNsMax);
  }
  const HttpAnswer scraped = http(program.admin_port(), "/metrics");
  ASSERT_EQ(scraped.status, 200);
  EXPECT_EQ(sample_of(scraped.body, "c099999_total"), kCounters);
  printf("/metrics: %.0f ms, %zu bytes\n", static_cast<double>(scraped.took.count()) / 1e3,
         scraped.body.size());
}

TEST(ManyCounters, lie_in_a_segment_of_the_size_that_was_computed_beforehand) {
  Program program(METER, arguments("none"));
  wait_until_made(program);
  const Memfd segment = memfd_of(program.keeper_pid(), "outrigger-segment");
  EXPECT_EQ(segment.bytes, static_cast<int64_t>(segment::kMetricsAt + kLayout.bytes()));
  // Slots, texts and one shard; what no thread touched is not there.
  const auto cells = static_cast<int64_t>(kLayout.shard_bytes());
  const int64_t slots_and_texts = kCounters * (32 + 96);
  const auto others = static_cast<int64_t>(segment::kMetricsAt);
  printf("segment: %.1f MB of addresses, %.1f MB of memory\n",
         static_cast<double>(segment.bytes) / 1e6, static_cast<double>(segment.touched) / 1e6);
  EXPECT_LE(segment.touched, slots_and_texts + 2 * cells + others);
}

TEST(ManyCounters, all_arrive) {
  const test::Emulator emulator;
  StartOptions options;
  options.environment = emulator.environment();
  Program program(METER, arguments("cloudwatch"), options);
  wait_until_made(program);
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
  EXPECT_EQ(emulator.count({"metrics", "distinct"}), kCounters);
  EXPECT_EQ(emulator.violations(), 0) << emulator.report().substr(0, 2'000);
}

}  // namespace
}  // namespace outrigger::whole
