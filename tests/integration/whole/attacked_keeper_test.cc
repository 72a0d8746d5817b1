// A service that writes what it likes into the memory that it shares with its keeper does not bring that
// keeper down: it is the same process to the end, answers all the time, and its memory has a bound.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>

#include "emulator.h"
#include "harness.h"

namespace outrigger::whole {
namespace {

using Clock = std::chrono::steady_clock;

// A keeper that ships and profiles has some 20 MB of its own; one whose rings, tables and profiles are
// all filled with nonsense has more, and no more than this however long that goes on.
constexpr int64_t kOwnBytesMax = int64_t{160} << 20;
// What the machine may make a request wait is not the keeper's hanging.
constexpr auto kAnswer = 20s;

std::chrono::seconds duration() {
  const char* const text = getenv("OUTRIGGER_TEST_ATTACK_SECONDS");
  return std::chrono::seconds(text != nullptr ? atoi(text) : 10);
}
int64_t seed() {
  const char* const text = getenv("OUTRIGGER_TEST_SEED");
  return text != nullptr ? atoll(text) : 20261129;
}

// Pages that are the process's alone, not those of the segment and the spool.
int64_t own_bytes(pid_t pid) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  const size_t at = status.find("RssAnon:");
  return at == std::string::npos ? -1 : strtoll(status.c_str() + at + 8, nullptr, 10) << 10;
}

// The supervisor's children, from the kernel: the segment's word is not to be believed here.
pid_t child_called(pid_t supervisor, std::string_view role) {
  const std::string pid = std::to_string(supervisor);
  std::string list = read_file("/proc/" + pid + "/task/" + pid + "/children");
  for (char* at = list.data(); *at != '\0';) {
    char* end = nullptr;
    const long child = strtol(at, &end, 10);
    if (end == at) break;
    const std::string line = read_file("/proc/" + std::to_string(child) + "/cmdline");
    if (line.find(role) != std::string::npos) return static_cast<pid_t>(child);
    at = end + 1;
  }
  return -1;
}

class AttackedKeeper : public testing::Test {
 protected:
  StartOptions options() const {
    StartOptions options;
    options.environment = emulator_.environment();
    for (const char* each : {"OUTRIGGER_LISTEN=127.0.0.1:0", "OUTRIGGER_ADMIN=127.0.0.1:0",
                             "OUTRIGGER_LOGS=both", "OUTRIGGER_METRICS=cloudwatch"})
      options.environment.emplace_back(each);
    return options;
  }
  test::Emulator emulator_;
};

TEST_F(AttackedKeeper, is_the_same_one_to_the_end_and_always_answers) {
  ASSERT_TRUE(emulator_.started());
  Program program(VANDAL, {}, options());
  const int port = program.service_port();
  const int admin = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  ASSERT_NE(admin, 0) << program.err();
  const pid_t keeper = child_called(program.pid(), "keeper");
  const pid_t service = child_called(program.pid(), "service");
  ASSERT_GT(keeper, 0);
  ASSERT_GT(service, 0);
  const std::string number = std::to_string(seed());
  const HttpAnswer begun = http(port, "/attack?seed=" + number, "POST");
  ASSERT_EQ(begun.status, 200) << begun.body;
  EXPECT_EQ(json_number(begun.body, "shrunk"), 0) << "the memory's size is sealed";

  // Everything that reads the segment for somebody, one after the other.
  constexpr const char* kPages[] = {"/health",
                                    "/metrics",
                                    "/log/level",
                                    "/config",
                                    "/readyz",
                                    "/debug/pprof/heap",
                                    "/debug/pprof/allocs?debug=1",
                                    "/debug/pprof/mutex",
                                    "/debug/pprof/threads?debug=1",
                                    "/debug/pprof/profile?seconds=1",
                                    "/debug/pprof/profile?since=60"};
  int64_t asked = 0, most_bytes = 0;
  std::chrono::microseconds slowest{0};
  size_t page = 0;
  const auto end = Clock::now() + duration();
  while (Clock::now() < end) {
    const HttpAnswer live = http(admin, "/livez", "GET", kAnswer);
    ASSERT_TRUE(live.status == 200 || live.status == 503)
        << live.status << " after " << asked << " requests, seed " << number << program.err();
    slowest = std::max(slowest, live.took);
    if (++asked % 10 == 0) {
      const HttpAnswer answer = http(admin, kPages[page], "GET", kPatience);
      ASSERT_NE(answer.status, 0) << kPages[page] << ", seed " << number << program.err();
      page = (page + 1) % std::size(kPages);
    }
    const int64_t bytes = own_bytes(keeper);
    ASSERT_GT(bytes, 0) << "the keeper has gone, seed " << number << program.err();
    most_bytes = std::max(most_bytes, bytes);
    ASSERT_LE(bytes, kOwnBytesMax) << "seed " << number;
    std::this_thread::sleep_for(20ms);
  }
  const std::string struck = http(port, "/strikes").body;
  printf("%lld s: %s, %lld times /livez, the slowest %lld us; the keeper had %lld kB at most\n",
         static_cast<long long>(duration().count()), struck.c_str(), static_cast<long long>(asked),
         static_cast<long long>(slowest.count()), static_cast<long long>(most_bytes >> 10));
  EXPECT_GT(json_number(struck, "strikes").value_or(0), 1'000) << struck;
  EXPECT_GT(json_number(struck, "holes").value_or(0), 10) << struck;
  EXPECT_EQ(child_called(program.pid(), "keeper"), keeper) << "seed " << number << program.err();

  // And it ends as any other does.
  kill(service, SIGKILL);
  EXPECT_EQ(program.exit_status(kPatience), 137) << program.err();
}

}  // namespace
}  // namespace outrigger::whole
