// A thread's own stack, wherever it stands.
#include "profile/copy.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "segment/sample_reader.h"
#include "shared_view.h"

namespace outrigger::profile {
namespace {

using segment::Sample;

// True when the copied stack holds what stands on it now.
[[gnu::noinline]] void expect_own_stack() {
  volatile uint64_t mark = 0x6f75747269676765;
  segment::SampleReader reader(shared_view());
  ASSERT_TRUE(is_own_process());
  ASSERT_TRUE(copy_own_stack({.kind = segment::SampleKind::kHeap, .bytes = 7}));
  auto sample = std::make_unique<Sample>();
  ASSERT_TRUE(reader.next(*sample));
  EXPECT_EQ(sample->bytes, 7u);
  EXPECT_EQ(sample->thread_id, gettid());
  uint64_t word = 0;
  EXPECT_TRUE(sample->read(reinterpret_cast<uint64_t>(&mark), word));
  EXPECT_EQ(word, mark);
  // The frame of the copy itself lies below this one's.
  EXPECT_LT(sample->stack_at, reinterpret_cast<uint64_t>(&mark));
  EXPECT_NE(sample->registers[segment::kPcRegister], 0u);
}

TEST(OwnStack, of_the_main_thread) { expect_own_stack(); }
TEST(OwnStack, of_a_thread_that_nobody_told_of) { std::thread(expect_own_stack).join(); }
TEST(OwnStack, of_a_thread_whose_bounds_are_known) {
  std::thread([] {
    tell_own_stack(1 << 20);
    expect_own_stack();
  }).join();
}

// Deep in its stack: more than a cell holds lies above.
TEST(OwnStack, that_is_larger_than_a_cell) {
  std::thread([] {
    tell_own_stack(4 << 20);
    volatile char room[200'000];
    room[0] = 1;
    room[sizeof(room) - 1] = 1;
    expect_own_stack();
  }).join();
}

// A fiber's stack lies anywhere, and may end where nothing is mapped: it must not be read as if it
// were the thread's.
TEST(OwnStack, of_a_fiber) {
  shared_view();
  for (const bool told : {false, true}) {
    std::thread([told] {
      if (told) tell_own_stack(4 << 20);
      static ucontext_t main;
      static ucontext_t fiber;
      constexpr size_t kBytes = 256 << 10;
      auto* const stack =
          static_cast<char*>(mmap(nullptr, kBytes + segment::kPage, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
      mprotect(stack + kBytes, segment::kPage, PROT_NONE);
      getcontext(&fiber);
      fiber.uc_stack.ss_sp = stack;
      fiber.uc_stack.ss_size = kBytes;
      fiber.uc_link = &main;
      makecontext(&fiber, expect_own_stack, 0);
      swapcontext(&main, &fiber);
      munmap(stack, kBytes + segment::kPage);
    }).join();
  }
}

TEST(OwnProcess, is_none_of_its_children) {
  shared_view();
  ASSERT_TRUE(is_own_process());
  const pid_t child = fork();
  if (child == 0) _exit(is_own_process() ? 1 : 0);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace outrigger::profile
