// An adopted program keeps its words, its handlers, its way to end; a leading contract word is
// ours.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "crew_harness.h"

namespace outrigger::test {
namespace {

TEST(Adopted, its_words_reach_it_untouched) {
  const struct {
    std::vector<std::string> words;
    std::string expected;
  } cases[] = {
      {{}, "words"},
      {{"--port=80", "-x", "serve", "--", "--version"}, "words --port=80 -x serve -- --version"},
      {{"probe", "version"}, "words probe version"},
      {{"run", "--port", "80"}, "words --port 80"}};
  for (const auto& each : cases) {
    Crew crew({.words = each.words});
    EXPECT_EQ(crew.await_exit_code(), 3) << each.expected << crew.err();
    ASSERT_EQ(crew.count("main", "words"), 1u) << each.expected;
    EXPECT_EQ(crew.lines("main", "words").front().what, each.expected);
  }
}

TEST(Adopted, a_leading_contract_word_is_ours) {
  Crew version({.words = {"version", "--port"}});
  EXPECT_EQ(version.await_exit_code(), 0);
  EXPECT_EQ(version.out(), "0.0.0000000\n");
  EXPECT_EQ(version.count("main", "words"), 0u);
  Crew help({.words = {"--help"}});
  EXPECT_EQ(help.await_exit_code(), 0);
  EXPECT_EQ(help.out().find("orders 0.0.0000000\n"), 0u) << help.out();
}

TEST(Adopted, exit_from_anywhere_is_its_status) {
  Crew crew({.words = {"--exit"}});
  EXPECT_EQ(crew.await_exit_code(), 5);
}

TEST(Adopted, a_drain_calls_its_hook_and_it_returns) {
  Crew crew({.words = {"--hook"}});
  ASSERT_TRUE(crew.await("main", "waits"));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 3);
  EXPECT_EQ(crew.count("main", "on_drain"), 1u);
  EXPECT_EQ(crew.count("main", "on_stop"), 1u);
}

TEST(Adopted, without_a_hook_it_meets_the_signal_as_ever) {
  Crew handler({.words = {"--handler"}});
  ASSERT_TRUE(handler.await("main", "waits"));
  kill(handler.pid(), SIGINT);
  EXPECT_EQ(handler.await_exit_code(), 3);
  EXPECT_EQ(handler.count("main", "own handler"), 1u);

  Crew waiting({.words = {"--sigwait"}});
  ASSERT_TRUE(waiting.await("main", "waits"));
  usleep(50'000);
  kill(waiting.pid(), SIGTERM);
  EXPECT_EQ(waiting.await_exit_code(), 3);
  EXPECT_EQ(waiting.count("main", "waited for 15"), 1u);

  Crew nothing({.words = {"--nothing"}});
  ASSERT_TRUE(nothing.await("main", "waits"));
  kill(nothing.pid(), SIGTERM);
  EXPECT_EQ(nothing.await_exit_code(), 143);
}

TEST(Adopted, is_ready_when_its_main_begins_or_when_it_says_so) {
  // Readiness is what a service manager is told.
  Crew crew({.words = {"--ready"}, .variables = {"READY_WHEN_CALLED=1"}});
  ASSERT_TRUE(crew.await("main", "waits"));
  ASSERT_TRUE(crew.await("declared", ""));
  EXPECT_NE(crew.lines("declared", "").front().what.find(R"("adopted":true)"), std::string::npos);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 143);
}

TEST(Adopted, on_start_runs_before_its_main_in_the_service_alone) {
  Crew crew({.words = {"--exit"}});
  EXPECT_EQ(crew.await_exit_code(), 5);
  ASSERT_EQ(crew.count("main", "on_start"), 1u);
  EXPECT_EQ(crew.lines("main", "").front().what, "on_start");
  Crew version({.words = {"version"}});
  EXPECT_EQ(version.await_exit_code(), 0);
  EXPECT_EQ(version.count("main", "on_start"), 0u);
  Crew fails({.words = {"--exit"}, .variables = {"START_FAILS=1"}});
  EXPECT_EQ(fails.await_exit_code(), 1);
  EXPECT_EQ(fails.err(), "orders: no moon\n");
  EXPECT_EQ(fails.count("main", "words"), 0u);
}

TEST(Adopted, who_watches_readiness_is_told_of_each_change) {
  Crew crew({.words = {"--readiness"}});
  ASSERT_TRUE(crew.await("main", "is ready"));
  ASSERT_TRUE(crew.await("main", "waits"));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 3);
  EXPECT_EQ(crew.count("main", "is not ready"), 1u);
  EXPECT_EQ(crew.count("main", "is ready"), 1u);
}

TEST(Adopted, its_crash_handler_is_its_own) {
  Crew crew({.words = {"--crash-handler"}});
  EXPECT_EQ(crew.await_exit_code(), 139);  // 128 + SIGSEGV: the supervisor ends as the service did
  EXPECT_NE(crew.err().find("own crash handler"), std::string::npos) << crew.err();
}

TEST(Adopted, in_one_process_too) {
  Crew crew({.words = {"--hook"}, .variables = {"OUTRIGGER_IN_PROCESS=1"}});
  ASSERT_TRUE(crew.await("main", "waits"));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 3);
  EXPECT_EQ(crew.count("main", "on_drain"), 1u);
  EXPECT_EQ(crew.count("keeper_thread", "ended"), 1u);
}

TEST(Adopted, options_come_as_variables_alone) {
  Crew crew({.words = {"--nothing"}, .variables = {"OUTRIGGER_ADMIN=nowhere"}});
  EXPECT_EQ(crew.await_exit_code(), 2);
  EXPECT_EQ(crew.err().find("orders: OUTRIGGER_ADMIN: --admin \"nowhere\" will not do: "), 0u)
      << crew.err();
}

}  // namespace
}  // namespace outrigger::test
