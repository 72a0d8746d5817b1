// However the wish to stop arrives, it is one drain.
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include "harness.h"

namespace outrigger::whole {
namespace {

const std::vector<std::string> kQuiet{"run",         "--listen", "127.0.0.1:0", "--admin",
                                      "127.0.0.1:0", "--logs",   "stdout-json"};

size_t count(std::string_view text, std::string_view what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size()))
    ++n;
  return n;
}

void expect_one_drain(Program& program) {
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
  EXPECT_EQ(count(program.out(), "the drain hook ran"), 1u) << program.out() << program.err();
}

class Stop : public testing::TestWithParam<int> {};

// 0 supervisor, 1 service, 2 keeper: the signal goes to that process alone, once and twice.
TEST_P(Stop, of_each_process_is_one_drain) {
  for (const int signal_number : {SIGTERM, SIGINT}) {
    for (const int times : {1, 2}) {
      Program program(LOGGER, kQuiet);
      ASSERT_NE(program.admin_port(), 0) << program.err();
      ASSERT_NE(program.service_port(), 0) << program.err();
      const pid_t targets[] = {program.pid(), program.service_pid(), program.keeper_pid()};
      const pid_t target = targets[GetParam()];
      ASSERT_GT(target, 0);
      for (int i = 0; i < times; ++i) {
        if (i > 0) std::this_thread::sleep_for(50ms);
        kill(target, signal_number);
      }
      expect_one_drain(program);
    }
  }
}
std::string process_name(const testing::TestParamInfo<int>& which) {
  return which.param == 0 ? "supervisor" : which.param == 1 ? "service" : "keeper";
}
INSTANTIATE_TEST_SUITE_P(Processes, Stop, testing::Values(0, 1, 2), process_name);

TEST(StopGroup, kill_of_the_process_group_is_one_drain) {
  StartOptions options;
  options.in_child = [] { setpgid(0, 0); };
  Program program(LOGGER, kQuiet, options);
  ASSERT_NE(program.service_port(), 0) << program.err();
  ASSERT_EQ(kill(-program.pid(), SIGTERM), 0);
  expect_one_drain(program);
}

TEST(StopTerminal, control_c_on_a_terminal_is_one_drain) {
  Scratch scratch;
  int master = -1;
  const pid_t pid = forkpty(&master, nullptr, nullptr, nullptr);
  if (pid == 0) {
    const int out = open(scratch.path("out").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, STDOUT_FILENO);
    execl(LOGGER, LOGGER, "run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs",
          "stdout-json", nullptr);
    _exit(127);
  }
  ASSERT_TRUE(eventually(kPatience, [&] {
    return read_file(scratch.path("out")).find("answers on http") != std::string::npos;
  }));
  ASSERT_EQ(write(master, "\x03", 1),
            1);  // the terminal turns it into SIGINT for the foreground group
  int status = 0;
  ASSERT_TRUE(eventually(kPatience, [&] { return waitpid(pid, &status, WNOHANG) == pid; }));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(count(read_file(scratch.path("out")), "the drain hook ran"), 1u);
  close(master);
}

TEST(Supervisor, takes_both_along_when_it_is_killed) {
  Program program(LOGGER, kQuiet);
  ASSERT_NE(program.service_port(), 0) << program.err();
  const pid_t service = program.service_pid(), keeper = program.keeper_pid();
  ASSERT_GT(service, 0);
  ASSERT_GT(keeper, 0);
  kill(program.pid(), SIGKILL);
  program.wait(5s);
  EXPECT_TRUE(eventually(kPatience, [&] { return kill(service, 0) != 0 && kill(keeper, 0) != 0; }));
}

}  // namespace
}  // namespace outrigger::whole
