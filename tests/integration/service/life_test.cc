// The life of a service that calls run(): every step once, in order, whoever wishes it to end.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew_harness.h"

namespace outrigger::test {
namespace {

// All that the service's process told, without its checks, in order.
std::vector<std::string> steps(const Crew& crew) {
  std::vector<std::string> told;
  for (const ReportLine& line : crew.report()) {
    if (line.part == "service" || line.part == "server") told.push_back(line.what);
  }
  return told;
}

const std::vector<std::string> kWholeLife{"on_start", "drain",   "on_drain",
                                          "closed",   "on_stop", "returned 0"};

// A check runs once the service has started.
bool is_running(const Crew& crew) {
  return crew.await("check", "ran") && crew.await("keeper", "born");
}

TEST(Life, every_step_once_and_in_order) {
  Crew crew({.words = {"run"}});
  ASSERT_TRUE(is_running(crew)) << crew.err();
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0) << crew.err();
  EXPECT_EQ(steps(crew), kWholeLife);
  EXPECT_EQ(crew.err(), "");
}

TEST(Life, main_has_the_last_word_on_the_status) {
  Crew crew({.words = {}, .variables = {"LIFE=own_status"}});
  ASSERT_TRUE(is_running(crew));
  kill(crew.pid(), SIGINT);
  EXPECT_EQ(crew.await_exit_code(), 33);
}

TEST(Life, a_signal_to_the_service_itself_is_the_same_one_drain) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    Crew crew({.words = {"run"}});
    ASSERT_TRUE(is_running(crew));
    const pid_t service = crew.lines("service", "on_start").front().pid;
    kill(service, signal);
    kill(service, signal);
    kill(crew.pid(), signal);
    EXPECT_EQ(crew.await_exit_code(), 0) << signal;
    EXPECT_EQ(steps(crew), kWholeLife) << signal;
  }
}

TEST(Life, the_service_may_wish_its_own_end) {
  Crew crew({.words = {"run"}, .variables = {"LIFE=stops_itself"}});
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(steps(crew).back(), "returned 0");
  EXPECT_EQ(crew.count("service", "on_drain"), 1u);
}

TEST(Life, a_second_signal_cuts_the_lame_duck_short) {
  Crew crew({.words = {"run", "--environment", "production"},
             .variables = {"LIFE_LAME_DUCK_MS=600000", "LIFE_BUDGET_MS=3600000"}});
  ASSERT_TRUE(is_running(crew));
  kill(crew.pid(), SIGTERM);
  usleep(300'000);
  EXPECT_EQ(crew.count("server", "drain"), 0u) << "it still accepts";
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(steps(crew), kWholeLife);
}

TEST(Life, a_second_signal_cuts_requests_under_way_short) {
  Crew crew({.words = {"run"}, .variables = {"STAND_IN=busy", "LIFE_BUDGET_MS=3600000"}});
  ASSERT_TRUE(is_running(crew));
  kill(crew.pid(), SIGTERM);
  ASSERT_TRUE(crew.await("server", "drain"));
  usleep(300'000);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(steps(crew), kWholeLife);
}

TEST(Life, a_hook_that_never_ends_is_ended) {
  Crew crew({.words = {"run"}, .variables = {"LIFE=never_drains", "LIFE_BUDGET_MS=300"}});
  ASSERT_TRUE(is_running(crew));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 137);
}

TEST(Life, a_hook_that_throws_keeps_nothing_else_from_its_end) {
  Crew crew({.words = {"run"}, .variables = {"LIFE=drain_throws"}});
  ASSERT_TRUE(is_running(crew));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(steps(crew), kWholeLife);
}

TEST(Life, a_check_that_hangs_keeps_nothing_from_its_end) {
  Crew crew({.words = {"run"}, .variables = {"LIFE=check_hangs"}});
  ASSERT_TRUE(is_running(crew));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(steps(crew).back(), "on_stop");
}

TEST(Life, before_run_there_is_nothing_to_drain) {
  Crew crew({.words = {"run"}, .variables = {"LIFE=slow_global"}});
  ASSERT_TRUE(crew.await("service", "constructing"));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 143);
  EXPECT_EQ(crew.count("service", "on_start"), 0u);
}

TEST(Life, without_its_supervisor_it_ends_in_order) {
  Crew crew(
      {.words = {"run", "--environment", "production"}, .variables = {"LIFE_LAME_DUCK_MS=600000"}});
  ASSERT_TRUE(is_running(crew));
  kill(crew.pid(), SIGKILL);
  EXPECT_TRUE(crew.await("service", "returned 0"));
  EXPECT_EQ(steps(crew), kWholeLife);
}

// --- Starts that fail --------------------------------------------------------------------------

void expect_failed_start(std::vector<std::string> words, std::vector<std::string> variables,
                         int status, const std::string& sentence) {
  Crew crew({.words = std::move(words), .variables = std::move(variables)});
  EXPECT_EQ(crew.await_exit_code(), status) << sentence;
  EXPECT_EQ(crew.err(), "life: " + sentence + "\n");
}

TEST(FailedStart, says_why_in_one_line) {
  expect_failed_start({"run"}, {"LIFE=start_fails"}, 1, "the moon is not full");
  expect_failed_start({"run"}, {"LIFE=start_throws"}, 1,
                      "on_start threw an exception: no moon at all");
  expect_failed_start({"run"}, {"STAND_IN=no_port"}, 1, "cannot listen on 0.0.0.0:8080: taken");
  expect_failed_start({"--in-process"}, {"STAND_IN=no_keeper"}, 1,
                      "cannot listen on the admin port: taken");
}

TEST(FailedStart, usage_errors_are_status_2) {
  expect_failed_start({"run", "--lisen", "x"}, {}, 2,
                      "unknown option --lisen; the nearest known one is --listen");
  expect_failed_start({"-listen", "x"}, {}, 2,
                      "--listen \"x\" will not do: expected an address and a port, like "
                      "127.0.0.1:8080, [::1]:8080 or "
                      ":8080");
  expect_failed_start({}, {"OUTRIGGER_LOG_LEVEL=loud"}, 2,
                      "OUTRIGGER_LOG_LEVEL: --log-level \"loud\" will not do: expected trace, "
                      "debug, info, warn, error "
                      "or fatal");
  expect_failed_start({"run", "fast"}, {}, 2,
                      "\"fast\" is one word too many: only options are expected here");
}

// --- One process -------------------------------------------------------------------------------

TEST(Alone, the_same_life_with_the_keeper_as_a_thread) {
  Crew crew({.words = {"--in-process"}});
  ASSERT_TRUE(crew.await("check", "ran")) << crew.err();
  EXPECT_EQ(crew.count("keeper_thread", "begins with admin"), 1u);
  EXPECT_EQ(crew.count("keeper", ""), 0u) << "no second process";
  kill(crew.pid(), SIGTERM);
  kill(crew.pid(), SIGTERM);
  kill(crew.pid(), SIGINT);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(steps(crew), kWholeLife);
  EXPECT_EQ(crew.count("keeper_thread", "ended"), 1u);
}

TEST(Alone, a_second_signal_hurries) {
  Crew crew({.words = {"--in-process", "--environment", "staging"},
             .variables = {"LIFE_LAME_DUCK_MS=600000", "LIFE_BUDGET_MS=3600000"}});
  ASSERT_TRUE(crew.await("check", "ran"));
  kill(crew.pid(), SIGTERM);
  usleep(300'000);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(steps(crew), kWholeLife);
}

TEST(Alone, the_stop_budget_is_its_own) {
  Crew crew({.words = {"--in-process"}, .variables = {"LIFE=never_drains", "LIFE_BUDGET_MS=200"}});
  ASSERT_TRUE(crew.await("check", "ran"));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 137);
  EXPECT_NE(crew.err().find("did not end within its stop budget\n"), std::string::npos)
      << crew.err();
}

TEST(Alone, what_nohup_ignores_stays_ignored) {
  Crew crew({.words = {"--in-process"}, .before_exec = [] { signal(SIGHUP, SIG_IGN); }});
  ASSERT_TRUE(crew.await("check", "ran"));
  kill(crew.pid(), SIGHUP);
  usleep(100'000);
  EXPECT_EQ(crew.count("service", "on_drain"), 0u);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST(Signals, to_a_forked_child_are_the_childs_alone) {
  for (const char* word : {"run", "--in-process"}) {
    Crew crew({.words = {word}, .variables = {"LIFE=forks"}});
    ASSERT_TRUE(crew.await("check", "ran")) << word;
    EXPECT_EQ(crew.count("service", "child ended by 15"), 1u) << word;
    EXPECT_EQ(crew.count("service", "on_drain"), 0u) << word;
    kill(crew.pid(), SIGTERM);
    EXPECT_EQ(crew.await_exit_code(), 0) << word;
  }
}

TEST(Signals, quit_is_no_end) {
  for (const char* word : {"run", "--in-process"}) {
    Crew crew({.words = {word}});
    ASSERT_TRUE(crew.await("check", "ran")) << word;
    kill(crew.pid(), SIGQUIT);
    usleep(100'000);
    EXPECT_TRUE(lives(crew.pid())) << word;
    kill(crew.pid(), SIGTERM);
    EXPECT_EQ(crew.await_exit_code(), 0) << word;
  }
}

// --- What the keeper and the commands get to know ----------------------------------------------

TEST(Declared, for_the_keeper) {
  Crew crew({.words = {"run", "--listen", "127.0.0.1:0", "--environment", "dev-anna", "--log-level",
                       "debug"},
             .variables = {"LIFE_LAME_DUCK_MS=0"}});
  ASSERT_TRUE(crew.await("declared", ""));
  const std::string declared = crew.lines("declared", "").front().what;
  for (const char* part :
       {R"("service":"life")", R"("environment":"dev-anna")", R"("kind":"staging")",
        R"("admin":"0.0.0.0:8081")", R"("service_address":"127.0.0.1:0")",
        R"("logs":"stdout-json")", R"("level":"debug")", R"("adopted":false)",
        R"("stop_budget_ms":25000)", R"("settings":[])"}) {
    EXPECT_NE(declared.find(part), std::string::npos) << part << " in " << declared;
  }
  ASSERT_TRUE(crew.await("check", "ran"));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST(Commands, run_in_a_process_of_their_own) {
  Crew ping({.words = {"ping"}});
  EXPECT_EQ(ping.await_exit_code(), 0);
  EXPECT_EQ(ping.out(), "\"pong\"\n");
  EXPECT_EQ(ping.count("keeper_thread", "begins"), 1u);
  EXPECT_EQ(ping.count("keeper_thread", "begins with admin"), 0u);
  EXPECT_EQ(ping.count("keeper_thread", "ended"), 1u);
  EXPECT_NE(ping.lines("declared", "").front().what.find(R"("logs":"stderr-text")"),
            std::string::npos);

  Crew version({.words = {"--version"}});
  EXPECT_EQ(version.await_exit_code(), 0);
  EXPECT_EQ(version.out(), "0.0.0000000\n");
  EXPECT_TRUE(version.lines("keeper_thread", "").empty()) << "no keeper for a word";

  Crew health({.words = {"health", "--json"}});
  EXPECT_EQ(health.await_exit_code(), 0);
  EXPECT_EQ(health.count("health", "life --json"), 1u);
}

}  // namespace
}  // namespace outrigger::test
