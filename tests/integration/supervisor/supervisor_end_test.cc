// How the program ends: the service's own status, one drain for many signals, and what does not end
// by itself.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "crew_harness.h"
#include "segment/role.h"

namespace outrigger::test {
namespace {

using segment::Word;

std::string word(Word word) { return "word " + std::to_string(static_cast<uint32_t>(word)) + " "; }

TEST(Status, exit_codes_and_signals_are_mirrored) {
  const struct {
    const char* word;
    int expected;
  } cases[] = {{"exit=0", 0},     {"exit=3", 3},     {"exit=255", 255}, {"raise=9", 137},
               {"raise=11", 139}, {"raise=15", 143}, {"abort", 134}};
  for (const auto& each : cases) {
    Crew crew({.words = {"run", each.word}, .before_exec = [] {
                 const rlimit none{0, 0};
                 setrlimit(RLIMIT_CORE, &none);
               }});
    EXPECT_EQ(crew.await_exit_code(), each.expected) << each.word;
    EXPECT_EQ(crew.count("keeper", "finished 1 "), 1u) << each.word;
  }
}

TEST(Status, what_was_printed_last_arrives) {
  Crew crew({.words = {"run", "print=hello", "complain=alas", "raise=9"}});
  EXPECT_EQ(crew.await_exit_code(), 137);
  EXPECT_EQ(crew.out(), "hello\n");
  EXPECT_EQ(crew.err(), "alas\n");
}

TEST(Status, no_process_is_left_behind) {
  Crew crew({.words = {"run", "exit=0"}});
  crew.await_exit_code();
  for (const ReportLine& line : crew.report()) EXPECT_FALSE(lives(line.pid)) << line.part;
}

class StopSignal : public testing::TestWithParam<int> {};

TEST_P(StopSignal, begins_one_drain) {
  Crew crew;
  ASSERT_TRUE(crew.await_crew());
  kill(crew.pid(), GetParam());
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", word(Word::kDrain) + "25000"), 1u);
  EXPECT_EQ(crew.count("keeper", word(Word::kDrain)), 1u);
}
INSTANTIATE_TEST_SUITE_P(Each, StopSignal, testing::Values(SIGTERM, SIGINT, SIGHUP));

TEST(Stop, signals_to_all_processes_at_once_are_one_drain) {
  Crew crew({.words = {"run", "deaf", "sleep=800", "exit=0"}});
  ASSERT_TRUE(crew.await_crew());
  for (int round = 0; round < 2; ++round) {
    kill(crew.pid(), SIGTERM);
    kill(crew.newest("service"), SIGTERM);
    kill(crew.newest("keeper"), SIGINT);
  }
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", word(Word::kDrain)), 1u);
  EXPECT_EQ(crew.count("service", word(Word::kHurry)), 0u);
}

TEST(Stop, signal_to_the_process_group_is_one_drain) {
  Crew crew({.before_exec = [] { setpgid(0, 0); }});
  ASSERT_TRUE(crew.await_crew());
  kill(-crew.pid(), SIGINT);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", word(Word::kDrain)), 1u);
}

TEST(Stop, ctrl_c_at_a_terminal_is_one_drain_and_background_output_is_allowed) {
  int ours = -1;
  int terminal = -1;
  ASSERT_EQ(openpty(&ours, &terminal, nullptr, nullptr, nullptr), 0);
  const base::Fd master(ours);
  const base::Fd slave(terminal);
  fcntl(ours, F_SETFL, O_NONBLOCK);
  termios modes;
  tcgetattr(terminal, &modes);
  modes.c_lflag |= TOSTOP;  // who writes from the background is stopped, unless it takes care
  tcsetattr(terminal, TCSANOW, &modes);
  Crew crew({.words = {"run", "print=seen", "wait"}, .before_exec = [=] {
               setsid();
               ioctl(terminal, TIOCSCTTY, 0);
               for (int fd = 0; fd < 3; ++fd) dup2(terminal, fd);
             }});
  ASSERT_TRUE(crew.await_crew());
  std::string shown;
  EXPECT_TRUE(await([&] {
    char bytes[200];
    const ssize_t size = read(ours, bytes, sizeof bytes);
    if (size > 0) shown.append(bytes, static_cast<size_t>(size));
    return shown.find("seen") != std::string::npos;
  }));
  ASSERT_EQ(write(ours, "\x03", 1), 1);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", word(Word::kDrain)), 1u);
  EXPECT_EQ(crew.count("service", word(Word::kHurry)), 0u);
  EXPECT_EQ(crew.count("keeper", "finished"), 1u);
}

TEST(Stop, each_process_alone_can_be_asked) {
  for (const char* part : {"service", "keeper"}) {
    Crew crew;
    ASSERT_TRUE(crew.await_crew());
    kill(crew.newest(part), SIGTERM);
    EXPECT_EQ(crew.await_exit_code(), 0) << part;
    EXPECT_EQ(crew.count("service", word(Word::kDrain)), 1u) << part;
  }
}

TEST(Stop, later_signal_says_hurry) {
  Crew crew({.words = {"run", "sleep=60000"}});
  ASSERT_TRUE(crew.await_crew());
  kill(crew.pid(), SIGTERM);
  ASSERT_TRUE(crew.await("service", word(Word::kDrain)));
  usleep(250'000);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 77);
  EXPECT_EQ(crew.count("service", word(Word::kHurry)), 1u);
  EXPECT_EQ(crew.count("keeper", word(Word::kHurry)), 1u);
}

TEST(Stop, service_that_does_not_end_is_killed_within_its_budget) {
  Crew crew({.words = {"run", "deaf", "ready=1000", "sleep=60000"}});
  ASSERT_TRUE(crew.await_crew());
  usleep(50'000);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 137);
  EXPECT_EQ(crew.count("service", word(Word::kDrain) + "1000"), 1u);
  EXPECT_EQ(crew.count("keeper", "finished 1 "), 1u);
  EXPECT_NE(crew.err().find("the service did not end in time and is killed\n"), std::string::npos);
}

TEST(Stop, services_own_drain_is_told_to_the_keeper_and_a_signal_then_is_no_hurry) {
  Crew crew({.words = {"run", "drains", "wait"}});
  ASSERT_TRUE(crew.await("keeper", word(Word::kDrain)));
  EXPECT_EQ(crew.count("service", word(Word::kDrain)), 0u);
  usleep(250'000);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", word(Word::kHurry)), 0u);
}

TEST(Stop, hangup_ignored_at_the_start_stays_ignored) {
  Crew crew(
      {.words = {"run", "sleep=300", "exit=0"}, .before_exec = [] { signal(SIGHUP, SIG_IGN); }});
  ASSERT_TRUE(crew.await_crew());
  kill(crew.pid(), SIGHUP);
  EXPECT_EQ(crew.await_exit_code(), 0);
  EXPECT_EQ(crew.count("service", word(Word::kDrain)), 0u);
}

TEST(Stop, status_is_seen_even_where_child_signals_were_ignored) {
  Crew crew({.words = {"run", "exit=6"}, .before_exec = [] { signal(SIGCHLD, SIG_IGN); }});
  EXPECT_EQ(crew.await_exit_code(), 6);
}

TEST(Signals, quit_asks_for_stacks_and_the_service_goes_on) {
  Crew crew({.words = {"run", "sleep=300", "exit=0"}});
  ASSERT_TRUE(crew.await_crew());
  kill(crew.pid(), SIGQUIT);
  // Of the keeper, which sees a service that hangs as well.
  ASSERT_TRUE(crew.await("keeper", word(Word::kStacks)));
  kill(crew.newest("service"), SIGQUIT);
  ASSERT_TRUE(crew.await("keeper", word(Word::kStacks), 2));
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST(Signals, others_are_passed_on_to_the_service) {
  Crew crew({.words = {"run", "usr1", "ready", "wait"}});
  ASSERT_TRUE(crew.await_crew());
  usleep(50'000);
  kill(crew.pid(), SIGUSR1);
  EXPECT_TRUE(crew.await("service", "usr1"));
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST(FailedStart, services_code_wins_and_the_keeper_flushes) {
  Crew crew({.words = {"run", "why=the port is taken", "startfailed=7", "sleep=60000"}});
  EXPECT_EQ(crew.await_exit_code(), 7);
  EXPECT_EQ(crew.count("keeper", "finished"), 1u);
  EXPECT_EQ(crew.err(), "the port is taken\n");
}

TEST(FailedStart, keepers_code_wins_and_ends_the_service) {
  Crew crew({.words = {"run", "sleep=60000"}, .variables = {"CREW_KEEPER=startfails"}});
  EXPECT_EQ(crew.await_exit_code(), 4);
  EXPECT_EQ(crew.count("keeper", "finished"), 1u);
}

TEST(FailedStart, deaf_service_is_killed_soon) {
  Crew crew({.words = {"run", "deaf", "startfailed=7", "sleep=60000"}});
  EXPECT_EQ(crew.await_exit_code(), 7);
}

TEST(SupervisorDeath, both_children_are_gone_within_five_seconds) {
  Crew crew({.words = {"run", "sleep=60000"}});
  ASSERT_TRUE(crew.await_crew());
  const pid_t service = crew.newest("service");
  const pid_t keeper = crew.newest("keeper");
  kill(crew.pid(), SIGKILL);
  EXPECT_TRUE(await([=] { return !lives(service) && !lives(keeper); }, 5000));
  EXPECT_EQ(crew.count("service", "orphaned"), 1u);
  EXPECT_EQ(crew.count("keeper", "orphaned"), 1u);
}

TEST(SupervisorDeath, stopped_children_wake_up_to_end) {
  Crew crew({.words = {"run", "sleep=60000"}});
  ASSERT_TRUE(crew.await_crew());
  const pid_t service = crew.newest("service");
  const pid_t keeper = crew.newest("keeper");
  kill(service, SIGSTOP);
  kill(keeper, SIGSTOP);
  kill(crew.pid(), SIGKILL);
  EXPECT_TRUE(await([=] { return !lives(service) && !lives(keeper); }, 5000));
}

class InitSystem : public testing::Test {
 protected:
  InitSystem() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    address_.sun_family = AF_UNIX;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address_), sizeof(sa_family_t)),
              0);  // a name is picked
    socklen_t size = sizeof address_;
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address_), &size);
    name_.assign(address_.sun_path, size - sizeof(sa_family_t));
    name_[0] = '@';
  }
  bool hears(const std::string& expected) {
    return await(
        [&] {
          char bytes[200];
          const ssize_t size = recv(socket_.get(), bytes, sizeof bytes, 0);
          return size > 0 && std::string(bytes, static_cast<size_t>(size)) == expected;
        },
        3000);
  }
  int count_heard() {
    int count = 0;
    char bytes[200];
    while (recv(socket_.get(), bytes, sizeof bytes, 0) > 0) ++count;
    return count;
  }
  base::Fd socket_;
  sockaddr_un address_{};
  std::string name_;
};

TEST_F(InitSystem, hears_ready_and_stopping) {
  Crew crew({.words = {"run", "ready", "wait"}, .variables = {"NOTIFY_SOCKET=" + name_}});
  EXPECT_TRUE(hears("READY=1"));
  kill(crew.pid(), SIGTERM);
  EXPECT_TRUE(hears("STOPPING=1"));
  EXPECT_EQ(crew.await_exit_code(), 0);
}

TEST_F(InitSystem, watchdog_is_fed_while_the_service_beats) {
  Crew fresh({.words = {"run", "beat=0", "wait"},
              .variables = {"NOTIFY_SOCKET=" + name_, "WATCHDOG_USEC=100000"}});
  ASSERT_TRUE(fresh.await_crew());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(hears("WATCHDOG=1"));
  kill(fresh.pid(), SIGTERM);
  EXPECT_EQ(fresh.await_exit_code(), 0);
}

TEST_F(InitSystem, watchdog_starves_when_a_beat_is_old) {
  Crew crew({.words = {"run", "beat=6000", "ready", "wait"},
             .variables = {"NOTIFY_SOCKET=" + name_, "WATCHDOG_USEC=100000"}});
  ASSERT_TRUE(crew.await_crew());
  EXPECT_TRUE(hears("READY=1"));  // the beat is written before the service says so
  usleep(60'000);
  count_heard();
  usleep(300'000);
  EXPECT_EQ(count_heard(), 0);
  kill(crew.pid(), SIGTERM);
  EXPECT_EQ(crew.await_exit_code(), 0);
}

}  // namespace
}  // namespace outrigger::test
