#include "base/refused_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace outrigger::base {
namespace {

// What `attempt` gets in a process that has given up calls: 0, or its errno. -1: there is no seccomp.
int in_child(Gives gives, const std::function<bool()>& attempt) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -2;
  const pid_t child = fork();
  if (child == 0) {
    int got = refuse_calls(gives) ? 0 : -1;
    if (got == 0) got = attempt() ? 0 : errno;
    [[maybe_unused]] const ssize_t written = write(ends[1], &got, sizeof got);
    _exit(0);
  }
  int got = -3;
  close(ends[1]);
  [[maybe_unused]] const ssize_t size = read(ends[0], &got, sizeof got);
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return got;
}

struct Attempt {
  const char* name;
  std::function<bool()> make;
};
const std::string& directory() {
  static const std::string made =
      testing::TempDir() + "/outrigger-refused-" + std::to_string(getpid());
  return made;
}
std::vector<Attempt> changes() {
  return {{"mount", [] { return mount("none", "/", "tmpfs", 0, nullptr) == 0; }},
          {"unshare", [] { return unshare(CLONE_NEWNS) == 0; }},
          {"mkdir", [] { return mkdir((directory() + "-x").c_str(), 0700) == 0; }},
          {"rename", [] { return rename("/nonexistent", "/other") == 0; }},
          {"symlink", [] { return symlink("a", (directory() + "-l").c_str()) == 0; }},
          {"link", [] { return link("/nonexistent", "/other") == 0; }},
          {"chmod", [] { return chmod("/nonexistent", 0700) == 0; }},
          {"truncate", [] { return truncate("/nonexistent", 0) == 0; }},
          {"mknod", [] { return mknod("/nonexistent/x", S_IFIFO, 0) == 0; }},
          {"setuid", [] { return syscall(SYS_setuid, 12345) == 0; }},
          {"kexec", [] { return syscall(SYS_kexec_load, 0, 0, nullptr, 0) == 0; }},
          {"module", [] { return syscall(SYS_init_module, nullptr, 0, "") == 0; }},
          {"keyctl", [] { return syscall(SYS_keyctl, 0, 0) >= 0; }},
          {"bpf", [] { return syscall(SYS_bpf, 0, nullptr, 0) >= 0; }},
          {"clock", [] { return syscall(SYS_clock_settime, 0, nullptr) == 0; }},
          {"write to others' memory", [] {
             char byte = 'x';
             iovec one{&byte, 1};
             return process_vm_writev(getppid(), &one, 1, &one, 1, 0) == 1;
           }}};
}
std::vector<Attempt> writings() {
  return {{"exec", [] { return execl("/bin/true", "true", nullptr) == 0; }},
          {"write", [] { return open("/dev/null", O_WRONLY) >= 0; }},
          {"read and write", [] { return open("/dev/null", O_RDWR) >= 0; }},
          {"create", [] { return open(directory().c_str(), O_RDONLY | O_CREAT, 0600) >= 0; }},
          {"create by the old call", [] { return creat(directory().c_str(), 0600) >= 0; }}};
}
std::vector<Attempt> needed() {
  return {{"read", [] { return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0; }},
          {"memfd", [] { return memfd_create("x", MFD_CLOEXEC) >= 0; }},
          {"socket", [] { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }},
          {"thread",
           [] {
             std::atomic<bool> ran{false};
             std::thread([&] { ran = true; }).join();
             return ran.load();
           }},
          {"fork",
           [] {
             const pid_t child = fork();
             if (child == 0) _exit(0);
             return waitpid(child, nullptr, 0) == child;
           }},
          {"signal", [] { return kill(getpid(), 0) == 0; }},
          {"read others' memory", [] {
             char from = 'x', to = 0;
             iovec here{&to, 1}, there{&from, 1};
             return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 1 && to == 'x';
           }}};
}

TEST(RefusedCalls, fail_and_what_is_needed_goes_on) {
  if (in_child(Gives::kUpChanges, [] { return true; }) == -1)
    GTEST_SKIP() << "the kernel has no seccomp";
  for (const Gives gives : {Gives::kUpChanges, Gives::kUpExecAndWriting}) {
    for (const Attempt& each : changes()) EXPECT_EQ(in_child(gives, each.make), EPERM) << each.name;
    for (const Attempt& each : needed()) EXPECT_EQ(in_child(gives, each.make), 0) << each.name;
  }
  for (const Attempt& each : writings())
    EXPECT_EQ(in_child(Gives::kUpExecAndWriting, each.make), EPERM) << each.name;
  EXPECT_EQ(in_child(Gives::kUpChanges, [] { return open("/dev/null", O_RDWR) >= 0; }), 0);
  EXPECT_EQ(
      in_child(Gives::kUpChanges, [] { return syscall(SYS_io_uring_setup, 1, nullptr) >= 0; }),
      ENOSYS);
}

// Threads that were there before are in it as well.
TEST(RefusedCalls, hold_for_every_thread) {
  const int got = in_child(Gives::kUpExecAndWriting, [] { return true; });
  if (got == -1) GTEST_SKIP() << "the kernel has no seccomp";
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> stage{0};
    std::atomic<int> error{-1};
    std::thread before([&] {
      while (stage == 0) usleep(1000);
      error = open("/dev/null", O_WRONLY) >= 0 ? 0 : errno;
    });
    refuse_calls(Gives::kUpExecAndWriting);
    stage = 1;
    before.join();
    _exit(error == EPERM ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace outrigger::base
