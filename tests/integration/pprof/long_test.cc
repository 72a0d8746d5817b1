// At full length and size: thirty seconds, a gigabyte, two minutes, eight gigabytes.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <thread>

#include "reading.h"

namespace outrigger::whole {
namespace {

double resident_mb(pid_t pid) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  const size_t at = status.find("VmRSS:");
  return at == std::string::npos ? -1 : atof(status.c_str() + at + 6) / 1024;
}

// What the heap profile says of one second.
double allocated_gb_in_a_second(int port) {
  Scratch scratch;
  write_file(scratch.path("second"), http(port, "/debug/pprof/heap?seconds=1").body);
  return megabytes_in(go_tool_pprof("-top -sample_index=alloc_space", scratch.path("second"))) /
         1024;
}

void expect_shares(const std::string& file) {
  Program program(file, run("split"));
  Scratch scratch;
  const HttpAnswer answer =
      http(program.admin_port(), "/debug/pprof/profile?seconds=30&hz=250", "GET", 120s);
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("cpu"), answer.body);
  const std::string top = go_tool_pprof("-top", scratch.path("cpu"));
  const auto all = shares(top);
  EXPECT_NEAR(share_of(all, "burns_seventy").cumulative, 70, 3) << top;
  EXPECT_NEAR(share_of(all, "burns_twenty").cumulative, 20, 3) << top;
  EXPECT_NEAR(share_of(all, "burns_ten").cumulative, 10, 3) << top;
  // The kernel looks at CPU timers at its tick, of which the coarse clocks tell the length.
  timespec tick{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  const double hz = std::min(250.0, 1e9 / static_cast<double>(tick.tv_nsec));
  const std::string comments = go_tool_pprof("-comments", scratch.path("cpu"));
  EXPECT_GE(number_before(comments, " Hz (asked"), 0.97 * hz) << comments;
  printf("%s%s", top.c_str(), comments.c_str());
}

TEST(Long, shares_are_within_three_points_at_thirty_seconds) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_shares);
}

#ifdef GPERFTOOLS
// A file of gperftools (its cpuprofile-fileformat.html): words; the header's second tells how many
// more it has, then samples as count, depth and addresses, a count of 0 is the end. Threads of this
// program begin at one address: the most frequent one.
void tell_peer(const std::string& bytes) {
  std::vector<uint64_t> words(bytes.size() / sizeof(uint64_t));
  memcpy(words.data(), bytes.data(), words.size() * sizeof(uint64_t));
  std::map<uint64_t, uint64_t> begins;
  uint64_t samples = 0;
  for (size_t at = 2 + words.at(1); at + 2 < words.size() && words[at] != 0;) {
    const size_t depth = words[at + 1];
    begins[words.at(at + 1 + depth)] += words[at];
    samples += words[at];
    at += 2 + depth;
  }
  uint64_t most = 0;
  for (const auto& [address, count] : begins) most = std::max(most, count);
  printf("gperftools: %llu samples, %.1f %% of the stacks reach their thread's start\n",
         static_cast<unsigned long long>(samples),
         100.0 * static_cast<double>(most) / static_cast<double>(std::max<uint64_t>(1, samples)));
}
#endif

TEST(Long, stacks_are_whole_beside_gperftools) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Scratch scratch;
#ifdef GPERFTOOLS
  Program peer(GPERFTOOLS, {scratch.path("peer"), "10"},
               {.environment = {"CPUPROFILE_FREQUENCY=250"}});
#endif
  for (const char* file : {LOAD, LOAD_DYNAMIC}) {
    Program program(file, run("mixed", {"--threads", "2"}));
    const HttpAnswer answer =
        http(program.admin_port(), "/debug/pprof/profile?seconds=10&hz=250", "GET", 120s);
    ASSERT_EQ(answer.status, 200) << answer.body;
    write_file(scratch.path("cpu"), answer.body);
    const std::string shown = go_tool_pprof("-comments", scratch.path("cpu"));
    EXPECT_GE(number_before(shown, " % of the stacks"), 99) << shown;
    printf("%s", shown.c_str());
  }
#ifdef GPERFTOOLS
  EXPECT_EQ(peer.exit_status(kPatience), 0);
  tell_peer(read_file(scratch.path("peer")));
#endif
}

// 16,384 samples: five percent are more than six standard deviations.
void expect_a_gigabyte(const std::string& file) {
  Program program(file, run("hold", {"--megabytes", "1024", "--interval", "65536"}));
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(120s, [&] { return program.out().find("held: ") != std::string::npos; }));
  const auto held = static_cast<double>(*json_number(program.out(), "bytes")) / (1 << 20);
  Scratch scratch;
  write_file(scratch.path("heap"), http(port, "/debug/pprof/heap").body);
  const std::string top = go_tool_pprof("-top -focus=holds_", scratch.path("heap"));
  EXPECT_NEAR(megabytes_in(top), held, 0.05 * held) << top;
  printf("%.1f MB held, %.1f MB shown\n", held, megabytes_in(top));
}

TEST(Long, a_gigabyte_is_told_within_five_percent) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_a_gigabyte);
}

// At the default interval of 512 KiB two samples a minute are expected: one minute in seven shows
// none, two one in fifty, four one in three thousand.
TEST(Long, a_leak_of_a_megabyte_a_minute_is_named) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("slow-leak", {"--churn"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  const auto began = std::chrono::steady_clock::now();
  Scratch scratch;
  std::string top;
  EXPECT_TRUE(eventually(240s, [&] {
    write_file(scratch.path("heap"), http(port, "/debug/pprof/heap").body);
    top = go_tool_pprof("-top -nodecount=1", scratch.path("heap"));
    return share_of(shares(top), "leaks").flat > 0;
  })) << top;
  const auto took = std::chrono::steady_clock::now() - began;
  printf("named first after %lld s\n%s",
         static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(took).count()),
         top.c_str());
}

// Eight gigabytes where there is room for them.
TEST(Long, the_keepers_memory_stays_flat) {
  const std::string machine = read_file("/proc/meminfo");
  const size_t at = machine.find("MemAvailable:");
  ASSERT_NE(at, std::string::npos);
  const bool has_room = atof(machine.c_str() + at + 13) > 12.0 * (1 << 20);
  if (!has_room) printf("less than 12 GB are free: with one gigabyte\n");
  const std::string megabytes = has_room ? "8192" : "1024";
  Program program(LOAD, run("hold", {"--megabytes", megabytes, "--churn"}));
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(240s, [&] { return program.out().find("held: ") != std::string::npos; }));
  const pid_t keeper = program.keeper_pid();
  EXPECT_EQ(http(port, "/debug/pprof/heap").status, 200);
  std::vector<double> resident;
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(5s);
    resident.push_back(resident_mb(keeper));
    EXPECT_EQ(http(port, "/debug/pprof/heap").status, 200);
  }
  const double service = resident_mb(program.service_pid());
  const std::string comments = http(port, "/debug/pprof/heap?debug=1").body;
  printf("service %.0f MB; keeper at %.1f MB, after a minute of %.2f GB/s at %.1f MB\n%s\n",
         service, resident.front(), allocated_gb_in_a_second(port), resident.back(),
         comments.substr(0, comments.find("\n\n")).c_str());
  EXPECT_LT(*std::ranges::max_element(resident), resident.front() + 4) << "MB";
  EXPECT_LT(resident.back(), 100);
}

}  // namespace
}  // namespace outrigger::whole
