// The keeper falls or cannot be started: the service does not notice, and it comes back.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "crew_harness.h"
#include "segment/role.h"

namespace outrigger::test {
namespace {

using segment::Word;

std::string word(Word word) { return "word " + std::to_string(static_cast<uint32_t>(word)) + " "; }

TEST(KeeperFalls, hundred_times_and_is_started_again_each_time) {
  constexpr size_t kFalls = 100;
  Crew crew({.words = {"run", "wait", "stuck", "exit=0"}});
  for (size_t fall = 0; fall < kFalls; ++fall) {
    ASSERT_TRUE(crew.await("keeper", "born restarts " + std::to_string(fall))) << fall;
    kill(crew.newest("keeper"), fall % 2 == 0 ? SIGKILL : SIGSEGV);
  }
  ASSERT_TRUE(crew.await("keeper", "born restarts 100"));
  EXPECT_EQ(crew.count("service", "born"), 1u);
  usleep(50'000);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", "stuck 0 100"), 1u);
  EXPECT_EQ(crew.count("keeper", "finished"), 1u);
}

TEST(KeeperFalls, output_of_the_meantime_is_kept_for_the_successor) {
  Crew crew({.words = {"run", "sleep=100", "print=during", "wait"}});
  ASSERT_TRUE(crew.await_crew());
  kill(crew.newest("keeper"), SIGSTOP);
  usleep(150'000);
  kill(crew.newest("keeper"), SIGKILL);
  ASSERT_TRUE(crew.await("keeper", "born restarts 1"));
  EXPECT_TRUE(await([&] { return crew.out() == "during\n"; }));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST(KeeperFalls, listening_sockets_are_handed_to_the_successor) {
  Crew crew({.words = {"run", "wait"}, .variables = {"CREW_KEEPER=listener"}});
  ASSERT_TRUE(crew.await_crew());
  for (int fall = 1; fall <= 3; ++fall) {
    usleep(50'000);
    kill(crew.newest("keeper"), SIGKILL);
    ASSERT_TRUE(crew.await("keeper", "born restarts " + std::to_string(fall)));
  }
  const auto listeners = crew.lines("keeper", "listener");
  ASSERT_EQ(listeners.size(), 3u);  // one for each successor: it was kept once
  for (const ReportLine& line : listeners) EXPECT_EQ(line.what.back(), '1');
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST(KeeperFalls, successor_in_a_drain_is_told) {
  Crew crew({.words = {"run", "deaf", "sleep=1500", "exit=0"}});
  ASSERT_TRUE(crew.await_crew());
  kill(crew.pid(), SIGTERM);
  ASSERT_TRUE(crew.await("keeper", word(Word::kDrain)));
  kill(crew.newest("keeper"), SIGKILL);
  EXPECT_TRUE(crew.await("keeper", word(Word::kDrain), 2));
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST(KeeperFalls, after_the_services_end_and_another_one_finishes) {
  Crew crew({.words = {"run", "exit=3"}, .variables = {"CREW_KEEPER=falls_at_end"}});
  EXPECT_EQ(crew.await_exit_code(), 3);
  EXPECT_EQ(crew.count("keeper", word(Word::kServiceEnded) + "3 1"), 2u);
  EXPECT_EQ(crew.count("keeper", "finished 1 1 3"), 1u);
}

TEST(KeeperFalls, at_each_start_and_the_service_lives_on) {
  Crew crew({.words = {"run", "print=plain", "sleep=3500", "stuck", "exit=4"},
             .variables = {"CREW_KEEPER=crash"}});
  ASSERT_TRUE(crew.await("keeper", "born", 5));
  EXPECT_EQ(crew.await_exit_code(), 4);
  EXPECT_EQ(crew.count("service", "stuck 1"), 1u);  // a log call does not wait for such a keeper
  EXPECT_LE(crew.count("keeper", "born"), 14u);     // attempts get rarer
  EXPECT_EQ(crew.out(), "plain\n");                 // nobody drains it, so it is passed on
}

TEST(KeeperFalls, after_the_program_file_was_replaced) {
  const std::string program = testing::TempDir() + "crew-program-" + std::to_string(getpid());
  std::filesystem::copy_file(CREW_PROGRAM, program,
                             std::filesystem::copy_options::overwrite_existing);
  Crew crew({.program = program});
  ASSERT_TRUE(crew.await_crew());
  std::filesystem::remove(program);
  kill(crew.newest("keeper"), SIGKILL);
  EXPECT_TRUE(crew.await("keeper", "born restarts 1"));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
}

}  // namespace
}  // namespace outrigger::test
