#include "pprof/unwinder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "pprof/held_thread.h"
#include "pprof/kept_map.h"

namespace outrigger::pprof {
namespace {

[[gnu::noinline]] void waits_here() {
  for (;;) pause();
}

class Child {
 public:
  Child() : pid_(fork()) {
    if (pid_ == 0) waits_here();
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }

 private:
  const int pid_;
};

TEST(Unwinder, a_held_childs_stack_has_its_function_and_main) {
  const Child child;
  auto sample = std::make_unique<segment::Sample>();
  std::vector<uint64_t> addresses;
  std::string names;
  // It may have not yet come to its function.
  for (int attempt = 0; attempt < 2000 && names.find("waits_here") == std::string::npos;
       ++attempt) {
    const Held held = copy_stack_of(child.pid(), child.pid(), *sample);
    if (held.error == EPERM) GTEST_SKIP() << "ptrace is refused here";
    ASSERT_EQ(held.error, 0) << strerrordesc_np(held.error);
    auto unwinder = Unwinder::of_process(child.pid());
    ASSERT_TRUE(unwinder.ok()) << unwinder.error().message;
    EXPECT_TRUE((*unwinder)->unwind(*sample, addresses));
    names.clear();
    for (const uint64_t each : addresses) names += (*unwinder)->function_at(each).name + "\n";
  }
  EXPECT_NE(names.find("waits_here"), std::string::npos) << names;
  EXPECT_NE(names.find("main\n"), std::string::npos) << names;
}

// As a keeper does that finds the service gone: by what is kept of its map, in memory that a keeper
// before it may have filled.
TEST(Unwinder, names_the_functions_of_a_process_that_has_gone) {
  auto kept = std::make_unique<KeptMap>();
  pid_t pid;
  std::string map;
  {
    const Child child;
    pid = child.pid();
    map = map_of(pid, *kept);
  }
  EXPECT_NE(map, "");
  EXPECT_EQ(map_of(pid, *kept), map);
  EXPECT_FALSE(Unwinder::of_process(pid).ok());
  auto unwinder = Unwinder::of_process(pid, map);
  ASSERT_TRUE(unwinder.ok()) << unwinder.error().message;
  const auto address = reinterpret_cast<uint64_t>(waits_here);  // a fork lies where its parent does
  EXPECT_NE((*unwinder)->function_at(address).name.find("waits_here"), std::string::npos)
      << (*unwinder)->function_at(address).name;
}

TEST(Unwinder, of_a_process_that_was_never_seen_keeps_nothing) {
  auto kept = std::make_unique<KeptMap>();
  EXPECT_EQ(map_of(0x3fffffff, *kept), "");
  EXPECT_EQ(kept->bytes, 0u);
}

TEST(Unwinder, noise_for_a_stack_ends) {
  auto unwinder = Unwinder::of_process(getpid());
  ASSERT_TRUE(unwinder.ok()) << unwinder.error().message;
  auto sample = std::make_unique<segment::Sample>();
  std::mt19937_64 random(4711);
  std::vector<uint64_t> addresses;
  const Module own = (*unwinder)->modules().front();
  for (int round = 0; round < 300; ++round) {
    for (uint64_t& each : sample->registers) each = random();
    sample->stack_bytes = segment::kStackBytesMax;
    sample->stack_at = sample->registers[segment::kStackRegister];
    sample->registers[segment::kPcRegister] = own.begin + random() % (own.end - own.begin);
    // Words that look like return addresses, so that it goes far.
    for (size_t at = 0; at < segment::kStackBytesMax; at += 8) {
      const uint64_t word = own.begin + random() % (own.end - own.begin);
      memcpy(sample->stack.data() + at, &word, sizeof(word));
    }
    (*unwinder)->unwind(*sample, addresses);
    EXPECT_LE(addresses.size(), kFramesMax);
    EXPECT_GE(addresses.size(), 1u);
  }
}

TEST(Unwinder, of_no_process_says_why) {
  auto unwinder = Unwinder::of_process(0x3fffffff);
  ASSERT_FALSE(unwinder.ok());
  EXPECT_NE(unwinder.error().message.find("cannot be read"), std::string::npos)
      << unwinder.error().message;
}

}  // namespace
}  // namespace outrigger::pprof
