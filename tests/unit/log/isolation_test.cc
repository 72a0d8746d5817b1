// What a log call must not do to its surroundings: allocate, call the kernel, break in a signal
// handler or after fork().
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "ring_fixture.h"

namespace {
std::atomic<uint64_t> g_allocations{0};
}
// Counts what goes through operator new.
[[gnu::noinline]] void* operator new(size_t n) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = malloc(n)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { free(p); }
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept { free(p); }

namespace outrigger {
namespace {

class IsolationTest : public RingFixture {};

TEST_F(IsolationTest, a_call_allocates_nothing) {
  const std::string text = "sixteen_char_str";
  log::info("{} {} {}", 1, text, 2.5);
  const uint64_t before = g_allocations.load();
  for (int i = 0; i < 20'000; ++i)
    log::info("{} {} {}", i, text, 2.5);  // runs into a full ring as well
  EXPECT_EQ(g_allocations.load(), before);
}

// Every system call but exit_group and write ends the process; what is left is the log call alone.
void forbid_system_calls() {
  const sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog program{sizeof(code) / sizeof(code[0]), const_cast<sock_filter*>(code)};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST_F(IsolationTest, calls_make_no_system_call_not_even_when_the_ring_wraps_or_is_full) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer makes system calls of its own";
#endif
  const pid_t child = fork();
  if (child == 0) {
    // The child gets a segment of its own, as a service has.
    char why[256];
    void* base = segment::map(segment::create(why, sizeof(why)));
    log::attach(base);
    log::info("claims the ring {}", 0);
    const std::string text = "sixteen_char_str";
    forbid_system_calls();
    for (int i = 0; i < 100'000; ++i) log::info("order {} placed by {} for {:.2f}", i, text, 2.5);
    _exit(segment::View(base).ring(0).dropped[2].load() > 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by a forbidden system call";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(IsolationTest, a_forked_child_writes_nothing_and_is_counted) {
  log::info("parent {}", 1);
  for (const bool raw : {false, true}) {
    const pid_t child = raw ? static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)) : fork();
    if (child == 0) {
      for (int i = 0; i < 10; ++i) log::error("child {}", i);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
  }
  log::info("parent {}", 2);
  const auto records = read_all();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].sequence, 1u);
  EXPECT_EQ(view_.forked().discarded.load(), 20u);
}

std::atomic<uint64_t> g_handler_calls{0};

TEST_F(IsolationTest, a_call_in_a_signal_handler_is_written_or_counted_never_corrupting) {
  struct sigaction action = {};
  action.sa_handler = [](int) {
    log::info("handler {}", 7);
    g_handler_calls.fetch_add(1, std::memory_order_relaxed);
  };
  struct sigaction old;
  sigaction(SIGUSR1, &action, &old);
  g_handler_calls = 0;
  std::atomic<bool> stop{false};
  const pthread_t self = pthread_self();
  std::thread sender([&] {
    while (!stop.load()) pthread_kill(self, SIGUSR1);
  });
  uint64_t calls = 0, read = 0, told = 0;
  const auto take = [&] {
    for (const auto& record : read_all()) {
      ++read;
      told += record.missing;
    }
  };
  // On a busy machine the sender may get little of it.
  for (int round = 0; round < 300 || (g_handler_calls.load() <= 100 && round < 30'000); ++round) {
    for (int i = 0; i < 1000; ++i, ++calls) log::info("main {}", i);
    sigset_t block, before;
    sigfillset(&block);
    pthread_sigmask(SIG_SETMASK, &block,
                    &before);  // the fixture's reader allocates: not interruptible by choice
    take();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  stop.store(true);
  sender.join();
  sigaction(SIGUSR1, &old, nullptr);
  take();
  told += reader_->take_untold().count;
  EXPECT_GT(g_handler_calls.load(), 100u);
  EXPECT_EQ(read + told, calls + g_handler_calls.load());
  EXPECT_EQ(reader_->corruptions(), 0u);
}

TEST_F(IsolationTest, a_cleared_segment_sends_calls_to_stderr_again) {
  log::detach();
  testing::internal::CaptureStderr();
  log::info("below {}", 1);
  log::warn("above {n}", 2);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("below"), std::string::npos);
  EXPECT_NE(text.find("above 2"), std::string::npos) << text;
}

}  // namespace
}  // namespace outrigger
