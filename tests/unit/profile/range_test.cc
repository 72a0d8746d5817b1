#include "profile/range.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace outrigger::profile {
namespace {

class Range : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(reserve_range()); }
};

TEST_F(Range, nothing_else_lies_in_it) {
  int here = 0;
  EXPECT_FALSE(in_range(&here));
  EXPECT_FALSE(in_range(nullptr));
  EXPECT_FALSE(in_range(reinterpret_cast<void*>(UINTPTR_MAX)));
}

TEST_F(Range, a_block_has_its_size_its_mark_and_comes_again) {
  bool dirty = true;
  void* const block = range_allocate(5000, 1, 42, dirty);
  ASSERT_NE(block, nullptr);
  EXPECT_FALSE(dirty);
  EXPECT_TRUE(in_range(block));
  EXPECT_EQ(range_usable(block), 8192u);
  EXPECT_EQ(range_mark(block), 42u);
  memset(block, 1, 8192);
  range_free(block);
  EXPECT_EQ(range_allocate(8000, 4096, 43, dirty), block);
  EXPECT_TRUE(dirty);
  range_free(block);
}

TEST_F(Range, large_blocks_come_back_empty) {
  bool dirty = true;
  auto* const block = static_cast<char*>(range_allocate(1 << 20, 1, 1, dirty));
  ASSERT_NE(block, nullptr);
  block[12345] = 7;
  range_free(block);
  EXPECT_EQ(range_allocate(1 << 20, 1, 1, dirty), block);
  EXPECT_FALSE(dirty);
  EXPECT_EQ(block[12345], 0);
  range_free(block);
}

TEST_F(Range, refuses_what_does_not_fit) {
  bool dirty = false;
  EXPECT_EQ(range_allocate(kRangeBytes, 1, 1, dirty), nullptr);
  EXPECT_EQ(range_allocate(SIZE_MAX, 1, 1, dirty), nullptr);
  EXPECT_EQ(range_allocate(100, 8192, 1, dirty), nullptr);
  void* const empty = range_allocate(0, 1, 1, dirty);
  EXPECT_NE(empty, nullptr);
  range_free(empty);
}

TEST_F(Range, threads_never_get_the_same_block) {
  std::vector<std::thread> threads;
  for (uint32_t thread = 1; thread <= 4; ++thread) {
    threads.emplace_back([thread] {
      std::vector<void*> blocks;
      for (uint32_t round = 0; round < 20'000; ++round) {
        bool dirty = false;
        void* const block = range_allocate(8, 1, thread, dirty);
        ASSERT_NE(block, nullptr);
        memset(block, static_cast<int>(thread), 8);
        blocks.push_back(block);
        if (blocks.size() < 10) continue;
        void* const oldest = blocks[round % blocks.size()];
        ASSERT_EQ(range_mark(oldest), thread);
        for (int i = 0; i < 8; ++i)
          ASSERT_EQ(static_cast<char*>(oldest)[i], static_cast<char>(thread));
        blocks[round % blocks.size()] = blocks.back();
        blocks.pop_back();
        range_free(oldest);
      }
      for (void* block : blocks) range_free(block);
    });
  }
  for (std::thread& each : threads) each.join();
}

}  // namespace
}  // namespace outrigger::profile
