// A poor place to start in: descriptors closed, no /proc, no memory, PID 1. One clear line, the
// right status, no hang.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "crew_harness.h"

namespace outrigger::test {
namespace {

bool is_one_line(const std::string& text, std::string_view begin) {
  return text.starts_with(begin) && std::count(text.begin(), text.end(), '\n') == 1 &&
         text.back() == '\n';
}

TEST(StandardDescriptors, closed_ones_are_never_used_for_something_else) {
  for (int closed = 0; closed < 8; ++closed) {
    Crew crew({.words = {"run", "descriptors", "stdin", "print=x", "exit=3"}, .before_exec = [=] {
                 for (int fd = 0; fd < 3; ++fd) {
                   if ((closed & 1 << fd) != 0) close(fd);
                 }
               }});
    EXPECT_EQ(crew.await_exit_code(), 3) << closed;
    for (const char* name : {"segment", "socket", "eventfd", "role"}) {
      for (int fd = 0; fd < 3; ++fd) {
        for (const ReportLine& line : crew.lines("service", "fd " + std::to_string(fd) + " ")) {
          EXPECT_EQ(line.what.find(name), std::string::npos) << line.what;
        }
      }
    }
    if ((closed & 1) != 0) {
      EXPECT_EQ(crew.count("service", "stdin 0"), 1u) << closed;
    }
  }
}

TEST(StandardDescriptors, commands_and_lone_services_are_protected_too) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"version"}, {"run", "--in-process", "descriptors", "exit=42"}}) {
    Crew crew({.words = words, .before_exec = [] {
                 for (int fd = 0; fd < 3; ++fd) close(fd);
               }});
    EXPECT_EQ(crew.await_exit_code(), 42);
    EXPECT_EQ(crew.count("service", "fd 1 inherited /memfd"), 0u);
  }
}

TEST(Limits, no_descriptors_left) {
  // Enough to load the program, not enough to make the crew.
  for (const rlim_t limit : {4, 8, 12}) {
    Crew crew({.words = {"run", "exit=0"}, .before_exec = [=] {
                 close_range(3, ~0U, 0);
                 const rlimit few{limit, limit};
                 setrlimit(RLIMIT_NOFILE, &few);
               }});
    EXPECT_EQ(crew.await_exit_code(), 1) << limit;
    EXPECT_TRUE(is_one_line(crew.err(), "crew_program: ")) << crew.err();
    EXPECT_EQ(crew.count("service", ""), 0u) << limit;
  }
}

TEST(Limits, no_address_space_for_the_segment) {
  for (const char* mode : {"run", "--in-process"}) {
    Crew crew({.words = {mode}, .before_exec = [] {
                 const rlimit small{32u << 20, 32u << 20};
                 setrlimit(RLIMIT_AS, &small);
               }});
    EXPECT_EQ(crew.await_exit_code(), 1);
    EXPECT_TRUE(is_one_line(crew.err(), "crew_program: ")) << crew.err();
    EXPECT_NE(crew.err().find("memory"), std::string::npos) << crew.err();
  }
}

TEST(Limits, no_file_size_is_told_and_not_died_of) {
  for (const char* mode : {"run", "--in-process"}) {
    Crew crew({.words = {mode}, .before_exec = [] {
                 const rlimit none{0, 0};
                 setrlimit(RLIMIT_FSIZE, &none);
               }});
    // The line itself goes to a memfd of the test here, which the limit forbids as well: the status
    // must do.
    EXPECT_EQ(crew.await_exit_code(), 1);
  }
}

TEST(Limits, no_process_can_be_made) {
  if (getuid() != 0) GTEST_SKIP() << "needs another user to be limited";
  Crew crew({.words = {"run", "exit=0"}, .before_exec = [] {
               if (setuid(65534) != 0) _exit(124);  // the limit does not hold for root
               const rlimit none{0, 0};
               setrlimit(RLIMIT_NPROC, &none);
             }});
  const int code = crew.await_exit_code();
  if (code == 125) GTEST_SKIP() << "the program lies where another user cannot reach it";
  EXPECT_EQ(code, 1);
  EXPECT_TRUE(is_one_line(crew.err(), "crew_program: cannot start the service: ")) << crew.err();
}

// In a mount namespace of its own, so that nobody else's /proc is touched.
bool hide_proc() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", "/proc", "tmpfs", 0, nullptr) == 0;
}

TEST(Proc, missing_is_told_in_one_line) {
  Crew crew({.words = {"run", "exit=0"}, .before_exec = [] {
               if (!hide_proc()) _exit(124);
             }});
  const int code = crew.await_exit_code();
  if (code == 124) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(code, 1);
  EXPECT_TRUE(is_one_line(crew.err(), "crew_program: /proc is missing")) << crew.err();
}

TEST(Proc, lone_service_and_commands_do_without) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"version"}, {"run", "--in-process", "exit=42"}}) {
    Crew crew({.words = words, .before_exec = [] {
                 if (!hide_proc()) _exit(124);
               }});
    const int code = crew.await_exit_code();
    if (code == 124) GTEST_SKIP() << "no mount namespaces here";
    EXPECT_EQ(code, 42);
  }
}

// In a mount namespace of its own.
bool enter_chroot(const char* root, const char* proc) {
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("proc", proc, "proc", 0, nullptr) == 0 && chroot(root) == 0 && chdir("/") == 0;
}

TEST(Chroot, with_proc_and_nothing_else_is_enough) {
  std::string root = testing::TempDir() + "crew-chroot-XXXXXX";
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  const std::string proc = root + "/proc";
  const std::string program = root + "/program";
  ASSERT_EQ(mkdir(proc.c_str(), 0755), 0);
  std::filesystem::copy_file(CREW_PROGRAM_STATIC, program);
  for (const bool closed_stdin : {false, true}) {
    Crew crew({.words = {"run", "print=alive", "exit=3"},
               .before_exec =
                   [&] {
                     if (closed_stdin) close(0);
                     if (!enter_chroot(root.c_str(), proc.c_str())) _exit(124);
                   },
               .program = "/program"});
    const int code = crew.await_exit_code();
    if (code == 124) break;  // no mount namespaces here
    EXPECT_EQ(code, 3);
    EXPECT_EQ(crew.out(), "alive\n");
  }
  std::filesystem::remove_all(root);
}

// --- PID 1 -------------------------------------------------------------------------------------

// The calling process goes on as PID 1 of a new namespace; the one that was there mirrors its
// status.
void become_pid_one() {
  if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) _exit(124);
  const pid_t child = fork();
  if (child > 0) {
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 123);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("proc", "/proc", "proc", 0, nullptr) != 0) {
    _exit(124);
  }
}

TEST(PidOne, reaps_strangers_and_mirrors_the_status) {
  Crew crew({.words = {"run", "orphans=5", "sleep=200", "zombies", "raise=9"},
             .before_exec = become_pid_one,
             .pids = Pids::kForeign});
  const int code = crew.await_exit_code();
  if (code == 124) GTEST_SKIP() << "no pid namespaces here";
  EXPECT_EQ(code, 137);
  EXPECT_EQ(crew.count("service", "orphan"), 5u);
  EXPECT_EQ(crew.count("service", "zombies 0"), 1u);
}

TEST(PidOne, takes_stop_signals) {
  Crew crew({.words = {"run", "signal_parent=15", "wait"},
             .before_exec = become_pid_one,
             .pids = Pids::kForeign});
  const int code = crew.await_exit_code();
  if (code == 124) GTEST_SKIP() << "no pid namespaces here";
  EXPECT_EQ(code, 0);
  EXPECT_EQ(crew.count("service", "drained"), 1u);
}

}  // namespace
}  // namespace outrigger::test
