// Every thread's stack: of services that are deadlocked, stopped, in one process, or may not be traced.
#include <errno.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reading.h"

namespace outrigger::whole {
namespace {

void expect_both_holders(int port) {
  const HttpAnswer answer = http(port, "/debug/pprof/threads?debug=1", "GET", 30s);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("locks_first_then_second"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("locks_second_then_first"), std::string::npos) << answer.body;
}

TEST(Threads, of_a_deadlocked_service_show_both_holders) {
  for (const char* file : {LOAD, LOAD_DYNAMIC}) {
    Program program(file, run("deadlock"));
    const int port = program.admin_port();
    ASSERT_NE(port, 0);
    ASSERT_TRUE(eventually(10s, [&] { return http(port, "/readyz").status == 200; }));
    EXPECT_TRUE(eventually(20s, [&] {
      const std::string body = http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body;
      return body.find("locks_first_then_second") != std::string::npos &&
             body.find("locks_second_then_first") != std::string::npos;
    }));
    const std::string shown = http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body;
    EXPECT_NE(shown.find("by ptrace"), std::string::npos) << shown;
    EXPECT_NE(shown.find("or-control ("), std::string::npos) << shown;
    EXPECT_NE(shown.find("sleeping"), std::string::npos) << shown;
    printf("%s", shown.substr(0, shown.find('\n') + 1).c_str());
  }
}

TEST(Threads, of_a_stopped_service_are_shown_and_it_stays_stopped) {
  Program program(LOAD, run("deadlock"));
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(10s, [&] { return http(port, "/readyz").status == 200; }));
  const pid_t service = program.service_pid();
  const auto stopped = [&] {
    const std::string stat = read_file("/proc/" + std::to_string(service) + "/stat");
    return stat.find(") T ") != std::string::npos;
  };
  kill(service, SIGSTOP);
  ASSERT_TRUE(eventually(10s, stopped));
  expect_both_holders(port);
  EXPECT_TRUE(eventually(10s, stopped));
  kill(service, SIGCONT);
  EXPECT_TRUE(eventually(10s, [&] { return !stopped(); }));
}

void expect_by_signal(Program& program) {
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(kPatience, [&] { return http(port, "/readyz").status == 200; }));
  EXPECT_TRUE(eventually(20s, [&] {
    return http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body.find("locks_second") !=
           std::string::npos;
  }));
  expect_both_holders(port);
  const std::string shown = http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body;
  EXPECT_NE(shown.find("by signal"), std::string::npos) << shown;
  // The library's own threads as well.
  EXPECT_NE(shown.find("or-control ("), std::string::npos) << shown;
  EXPECT_EQ(shown.find("did not answer"), std::string::npos) << shown;
}

TEST(Threads, of_one_process_come_by_signal_and_the_answer_says_so) {
  Program program(LOAD, run("deadlock", {"--in-process"}));
  expect_by_signal(program);
}

// As Docker's and Kubernetes' default profiles did, and Yama does.
void refuse_ptrace() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{sizeof(program) / sizeof(program[0]), program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    _exit(127);
}

TEST(Threads, come_by_signal_where_ptrace_is_refused) {
  Program program(LOAD, run("deadlock"), {.in_child = refuse_ptrace});
  expect_by_signal(program);
}

TEST(Threads, are_read_by_go_under_its_own_name) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("deadlock"));
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(10s, [&] { return http(port, "/readyz").status == 200; }));
  Scratch scratch;
  write_file(scratch.path("threads"), http(port, "/debug/pprof/goroutine", "GET", 30s).body);
  const std::string top = go_tool_pprof("-top -nodecount=1000", scratch.path("threads"));
  EXPECT_NE(top.find("clone3"), std::string::npos) << top;
  const std::string traces = go_tool_pprof("-traces", scratch.path("threads"));
  EXPECT_NE(traces.find("or-control"), std::string::npos) << traces;
}

}  // namespace
}  // namespace outrigger::whole
