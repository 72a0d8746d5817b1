// Everything at once, under the highest rate: threads that start and end, exceptions, storms of
// malloc, fork and exec, signals of the program's own, libraries that come and go. A few seconds
// unless OUTRIGGER_TORTURE_SECONDS says otherwise.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <atomic>
#include <thread>

#include "reading.h"

namespace outrigger::whole {
namespace {

std::chrono::seconds torture_time() {
  const char* const given = getenv("OUTRIGGER_TORTURE_SECONDS");
  return std::chrono::seconds(given != nullptr ? atoi(given) : 4);
}

void torture(const std::string& file) {
  Program program(file, run("torture", {"--interval", "4096"}));
  const int admin = program.admin_port();
  const int port = program.service_port();
  ASSERT_NE(admin, 0) << program.err();
  ASSERT_NE(port, 0) << program.err();
  std::atomic<bool> over{false};
  std::atomic<int> asked{0};
  std::atomic<int> answered{0};
  std::thread client([&] {
    for (; !over; ++asked) {
      const std::string number = std::to_string(asked);
      const HttpAnswer answer = http(port, "/echo?number=" + number);
      answered += answer.status == 200 && answer.body.find(number) != std::string::npos;
    }
  });
  int profiles = 0;
  const auto until = std::chrono::steady_clock::now() + torture_time();
  do {
    for (const char* path : {"profile?seconds=1&hz=1000", "wall?seconds=1&hz=1000", "heap", "mutex",
                             "block", "threads", "profile?since=1m"}) {
      const HttpAnswer answer = http(admin, std::string("/debug/pprof/") + path);
      EXPECT_EQ(answer.status, 200) << path << ": " << answer.body << program.err();
      ++profiles;
    }
  } while (std::chrono::steady_clock::now() < until && !::testing::Test::HasFailure());
  over = true;
  client.join();
  EXPECT_EQ(answered, asked) << program.err();
  EXPECT_GT(asked, 0);
  printf("%d requests, %d answered; %d profiles\n", asked.load(), answered.load(), profiles);
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
}

TEST(Torture, breaks_nothing) { for_both(torture); }

}  // namespace
}  // namespace outrigger::whole
