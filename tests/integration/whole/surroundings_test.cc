// What a serving file does to the machine, and what it needs of it: nothing on disk, an empty
// directory to run in.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <tuple>

#include <gtest/gtest.h>

#include "harness.h"

namespace outrigger::whole {
namespace {

TEST(Disk, no_process_of_a_serving_run_opens_a_file_for_writing) {
  Scratch scratch;
  const std::string trace = scratch.path("trace");
  StartOptions options;
  options.environment = {
      "OUTRIGGER_IN_PROCESS=0"};  // under a tracer the file would else run as one process
  Program program("/usr/bin/strace",
                  {"-f", "-qq", "-e", "trace=open,openat,openat2,creat", "-o", trace, PROBER, "run",
                   "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--allow-private"},
                  options);
  const int admin = program.admin_port(20s);
  ASSERT_NE(admin, 0) << program.err();
  const int service = program.service_port(20s);
  ASSERT_NE(service, 0);
  EXPECT_EQ(http(service, "/probe?url=http://127.0.0.1:" + std::to_string(admin) + "/livez").status,
            200);
  EXPECT_EQ(http(admin, "/health").status, 200);
  program.signal_service(SIGTERM);
  program.exit_status(kPatience);
  int opened = 0;
  for_each_line(read_file(trace), [&](std::string_view line) {
    ++opened;
    if (line.find("O_WRONLY") == std::string_view::npos &&
        line.find("O_RDWR") == std::string_view::npos &&
        line.find("creat(") == std::string_view::npos) {
      return;
    }
    const bool excepted = line.find("\"/proc/") != std::string_view::npos ||
                          line.find("\"/dev/null\"") != std::string_view::npos ||
                          line.find("\"/dev/tty\"") != std::string_view::npos;
    EXPECT_TRUE(excepted) << line;
  });
  EXPECT_GT(opened, 3) << "the trace is empty: it proves nothing";
}

TEST(Chroot, the_file_runs_in_an_empty_directory_with_proc) {
  Scratch scratch;
  std::filesystem::copy_file(PROBER, scratch.path("prober"));
  std::filesystem::create_directory(scratch.path("proc"));
  const std::string root = scratch.path("");
  // A mount namespace of the test's own holds /proc; it goes with the processes.
  StartOptions options;
  options.in_child = [&] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("proc", (root + "proc").c_str(), "proc", 0, nullptr) != 0 ||
        chroot(root.c_str()) != 0 || chdir("/") != 0) {
      _exit(120);
    }
  };
  Program program("/prober",
                  {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--allow-private"},
                  options);
  const int admin = program.admin_port();
  if (admin == 0 && program.exit_status(1s) == 120) GTEST_SKIP() << "no right to chroot here";
  ASSERT_NE(admin, 0) << program.err();
  ASSERT_NE(program.service_port(), 0) << program.err();
  EXPECT_EQ(http(admin, "/livez").status, 200);
  EXPECT_EQ(http(program.service_port(),
                 "/probe?url=http://127.0.0.1:" + std::to_string(admin) + "/livez")
                .status,
            200);
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
}

struct Wrong {
  const char* name;
  std::vector<std::string> arguments;
  int status;
  const char* says;
};
class BadInput : public testing::TestWithParam<Wrong> {};
TEST_P(BadInput, gets_one_clear_line_and_the_right_status) {
  Program program(PROBER, GetParam().arguments);
  EXPECT_EQ(program.exit_status(kPatience), GetParam().status) << program.err();
  EXPECT_NE(program.err().find(GetParam().says), std::string::npos) << program.err();
  int lines = 0;
  for_each_line(program.err(), [&](std::string_view line) { lines += line.empty() ? 0 : 1; });
  EXPECT_EQ(lines, 1) << program.err();
}
INSTANTIATE_TEST_SUITE_P(
    Cases, BadInput,
    testing::Values(Wrong{"word", {"prboe"}, 2, "prboe"},
                    Wrong{"option", {"run", "--lisen", "x"}, 2, "lisen"},
                    Wrong{"address",
                          {"run", "--listen", "nowhere:99999", "--admin", "127.0.0.1:0"},
                          2,
                          "nowhere:99999"},
                    Wrong{"admin_address",
                          {"run", "--admin", "127.0.0.1:http", "--listen", "127.0.0.1:0"},
                          2,
                          "127.0.0.1:http"},
                    Wrong{"level", {"run", "--log-level", "loud"}, 2, "loud"},
                    Wrong{"logs", {"run", "--logs", "paper"}, 2, "paper"},
                    Wrong{"url", {"probe", "not a url"}, 1, "not a url"},
                    Wrong{"missing_argument", {"probe"}, 1, "url"}),
    [](const auto& wrong) { return std::string(wrong.param.name); });

TEST(BadSurroundings, a_port_already_taken_ends_the_start_with_one_line) {
  Program first(PROBER, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"});
  const std::string service = "127.0.0.1:" + std::to_string(first.service_port());
  const std::string admin = "127.0.0.1:" + std::to_string(first.admin_port());
  for (const auto& [option, address, other] :
       {std::tuple{"--listen", service, "--admin"}, std::tuple{"--admin", admin, "--listen"}}) {
    Program second(PROBER, {"run", option, address, other, "127.0.0.1:0"});
    EXPECT_EQ(second.exit_status(kPatience), 1) << option << second.err();
    EXPECT_NE(second.err().find(address), std::string::npos) << second.err();
    EXPECT_NE(second.err().find("in use"), std::string::npos) << second.err();
  }
}

TEST(BadSurroundings, a_closed_or_full_stdout_hangs_nothing) {
  for (const char* path : {"", "/dev/full"}) {
    StartOptions options;
    options.stdout_path = path;
    if (*path == '\0') options.in_child = [] { close(STDOUT_FILENO); };
    Program program(PROBER, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, options);
    const int admin = program.admin_port();
    ASSERT_NE(admin, 0) << program.err();
    EXPECT_TRUE(eventually(kPatience, [&] { return http(admin, "/livez").status == 200; }));
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
  }
}

TEST(BadSurroundings, closed_stdin_and_stderr_do_no_harm) {
  for (const int fd : {STDIN_FILENO, STDERR_FILENO}) {
    StartOptions options;
    options.in_child = [fd] { close(fd); };
    Program program(PROBER, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, options);
    ASSERT_NE(program.service_port(), 0) << program.err() << program.out();
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
  }
}

TEST(BadSurroundings, no_memory_for_the_segment_is_said_in_one_line) {
  StartOptions options;
  options.in_child = [] {
    const rlimit limit{48u << 20, 48u << 20};
    setrlimit(RLIMIT_AS, &limit);
  };
  Program program(PROBER, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, options);
  EXPECT_EQ(program.exit_status(kPatience), 1) << program.err();
  EXPECT_NE(program.err().find("shared memory"), std::string::npos) << program.err();
}

}  // namespace
}  // namespace outrigger::whole
