// Supervisor and keeper give up what they never do; and a keeper that crashes is explained by the next.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"

namespace outrigger::whole {
namespace {

std::vector<std::string> run() {
  return {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs", "stdout-json"};
}

// "2": system calls are filtered; "0": they are not.
std::string filtered(pid_t pid) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  constexpr std::string_view kName = "\nSeccomp:\t";
  const size_t at = status.find(kName);
  return at == std::string::npos ? "" : status.substr(at + kName.size(), 1);
}

std::string entry(const std::string& log, std::string_view beginning) {
  std::string found;
  for_each_line(log, [&](std::string_view line) {
    if (json_text(line, "message").starts_with(beginning)) found = line;
  });
  return found;
}

TEST(Hardened, supervisor_and_keeper_have_filters_and_the_service_has_its_freedom) {
  Program program(LOGGER, run());
  ASSERT_NE(program.service_port(), 0) << program.err();
  if (filtered(getpid()).empty()) GTEST_SKIP() << "the kernel has no seccomp";
  const pid_t keeper = program.keeper_pid();
  EXPECT_TRUE(eventually(kPatience, [&] { return filtered(keeper) == "2"; }));
  EXPECT_TRUE(eventually(kPatience, [&] { return filtered(program.pid()) == "2"; }));
  EXPECT_EQ(filtered(program.service_pid()), filtered(getpid()));
  // A keeper that is started under the supervisor's filter works.
  kill(keeper, SIGKILL);
  ASSERT_TRUE(eventually(kPatience, [&] {
    const pid_t next = program.keeper_pid();
    return next > 0 && next != keeper && filtered(next) == "2";
  }));
  EXPECT_EQ(http(program.admin_port(), "/livez").status, 200);
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
}

// kill() lets the kernel choose a thread, and that is another while the first one starts some.
void send_to_main_thread(pid_t pid, int signal) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  syscall(SYS_rt_tgsigqueueinfo, pid, pid, signal, &info);
}

TEST(Hardened, a_keepers_crash_is_told_by_the_next_with_its_stack) {
  Program program(LOGGER, run());
  ASSERT_NE(program.service_port(), 0) << program.err();
  const pid_t keeper = program.keeper_pid();
  for (const int signal : {SIGSEGV, SIGABRT}) {
    const pid_t crashing = program.keeper_pid();
    ASSERT_GT(crashing, 1);
    send_to_main_thread(crashing, signal);
    const std::string beginning =
        signal == SIGSEGV ? "keeper crashed: SIGSEGV" : "keeper crashed: SIGABRT";
    ASSERT_TRUE(eventually(kPatience, [&] { return !entry(program.out(), beginning).empty(); }))
        << program.out();
    const std::string told = entry(program.out(), beginning);
    EXPECT_EQ(json_text(told, "level"), "ERROR") << told;
    EXPECT_NE(json_text(told, "stack").find("outrigger::keeper::Keeper::run"), std::string::npos)
        << told;
    EXPECT_EQ(json_text(told, "code"), "sent by a process") << told;
    EXPECT_EQ(json_text(told, "missing"), "") << told;
    EXPECT_FALSE(entry(program.out(), "keeper started again").empty());
    ASSERT_TRUE(eventually(kPatience, [&] { return program.keeper_pid() != crashing; }));
  }
  EXPECT_NE(program.keeper_pid(), keeper);
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(kPatience), 0) << program.err();
}

}  // namespace
}  // namespace outrigger::whole
