// The keeper hangs: it is killed and started again, and the service goes on.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew_harness.h"

namespace outrigger::test {
namespace {

TEST(KeeperHangs, is_killed_and_started_again) {
  Crew crew;
  ASSERT_TRUE(crew.await_crew());
  const pid_t stopped = crew.newest("keeper");
  kill(stopped, SIGSTOP);
  EXPECT_TRUE(crew.await("keeper", "born restarts 1", 1, 10'000));
  EXPECT_FALSE(lives(stopped));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST(KeeperHangs, under_a_debugger_and_is_left_alone) {
  Crew crew({.words = {"run", "wait", "stuck", "exit=0"}});
  ASSERT_TRUE(crew.await_crew());
  const pid_t keeper = crew.newest("keeper");
  ASSERT_EQ(ptrace(PTRACE_SEIZE, keeper, nullptr, nullptr), 0);
  ASSERT_EQ(ptrace(PTRACE_INTERRUPT, keeper, nullptr, nullptr), 0);
  ASSERT_EQ(waitpid(keeper, nullptr, __WALL), keeper);
  usleep(7'500'000);
  ASSERT_EQ(ptrace(PTRACE_DETACH, keeper, nullptr, nullptr), 0);
  usleep(1'500'000);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("keeper", "born"), 1u);
  EXPECT_EQ(crew.count("service", "stuck 0 0"), 1u);  // and it works again
}

TEST(KeeperHangs, service_printing_much_is_not_blocked) {
  constexpr int kLines = 30'000;  // three times what the pipe holds
  Crew crew({.words = {"run", "flood=" + std::to_string(kLines), "exit=0"},
             .variables = {"CREW_KEEPER=silent"}});
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.out().size(), size_t{kLines} * 100);
}

TEST(KeeperHangs, at_the_end_and_is_not_waited_for_longer_than_five_seconds) {
  Crew crew({.words = {"run", "exit=2"}, .variables = {"CREW_KEEPER=stays"}});
  EXPECT_EQ(crew.await_exit_code(), 2);
  EXPECT_FALSE(lives(crew.newest("keeper")));
}

}  // namespace
}  // namespace outrigger::test
