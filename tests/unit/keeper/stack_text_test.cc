#include "keeper/stack_text.h"

#include <gtest/gtest.h>

namespace outrigger::keeper {
namespace {

using pprof::FutexWait;
using pprof::StackFrame;
using pprof::ThreadStack;

ThreadStack thread(int32_t id, const char* name, std::vector<const char*> functions,
                   int32_t waits_for = 0) {
  ThreadStack stack{id, name, "sleeping", {}, {}};
  if (waits_for != 0) stack.wait = FutexWait{0x1000, waits_for};
  uint64_t address = 0x100;
  for (const char* function : functions)
    stack.frames.push_back({address += 0x10, function, 4, "shop.cc:7"});
  return stack;
}

TEST(StackText, a_trace_begins_at_the_programs_own_function) {
  const ThreadStack stack = thread(
      1, "io",
      {"__pthread_kill_implementation", "raise", "abort", "__gnu_cxx::__verbose_terminate_handler",
       "__cxxabiv1::__terminate", "std::terminate", "shop::sell", "main"});
  EXPECT_EQ(trace_of(stack), "shop::sell < main");
  EXPECT_EQ(culprit_of(stack), "shop::sell");
}

TEST(StackText, a_stack_of_messengers_alone_still_names_one) {
  EXPECT_EQ(culprit_of(thread(1, "io", {"raise", "abort"})), "abort");
  EXPECT_EQ(culprit_of(ThreadStack{}), "");
}

TEST(StackText, recursion_stands_once_and_what_does_not_fit_is_counted) {
  ThreadStack stack = thread(1, "io", {"deep"});
  for (int i = 0; i < 400; ++i) stack.frames.push_back(stack.frames.front());
  stack.frames.push_back({0x999, "main", 0, ""});
  EXPECT_EQ(stack_text(stack, 1000), "deep+0x4 (shop.cc:7), 401 times\nmain\n");
  const std::string cut = stack_text(thread(1, "io", {"one", "two", "three"}), 25);
  EXPECT_EQ(cut, "one+0x4 (shop.cc:7)\n... 2 more\n");
}

TEST(StackText, threads_with_one_stack_share_a_paragraph) {
  std::vector<ThreadStack> threads;
  for (int i = 1; i <= 12; ++i) threads.push_back(thread(i, "pool", {"waits", "loop"}));
  threads.push_back(thread(13, "main", {"poll"}));
  const std::string text = threads_text(threads, 4000);
  EXPECT_NE(text.find("pool (1), sleeping; pool (2); "), std::string::npos) << text;
  EXPECT_NE(text.find("; and 3 more:\nwaits+0x4"), std::string::npos) << text;
  EXPECT_NE(text.find("\nmain (13), sleeping:\npoll"), std::string::npos) << text;
  EXPECT_NE(threads_text(threads, text.size() - 1).find(" more threads"), std::string::npos);
}

TEST(StackText, who_waits_for_whom_and_the_circle_that_they_are) {
  const std::vector<ThreadStack> threads{thread(1, "main", {"lock"}, 2),
                                         thread(2, "a", {"lock"}, 3), thread(3, "b", {"lock"}, 2),
                                         thread(4, "c", {"run"})};
  EXPECT_EQ(waits_text(threads),
            "main (1) waits for the mutex 0x1000 that a (2) holds\n"
            "a (2) waits for the mutex 0x1000 that b (3) holds\n"
            "b (3) waits for the mutex 0x1000 that a (2) holds\n"
            "deadlock: a (2), b (3)\n");
  EXPECT_EQ(waits_text({}), "");
}

}  // namespace
}  // namespace outrigger::keeper
