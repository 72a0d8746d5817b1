#include "keeper/memory_limit.h"

#include <gtest/gtest.h>

#include "keeper/spool.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kMb = 1u << 20;

size_t all_of(const ShippingMemory& memory) { return memory.spool_bytes + memory.backlog_bytes; }

TEST(MemoryLimit, the_backlog_and_the_spool_stay_below_64_mb_or_a_tenth_of_the_limit) {
  const ShippingMemory large = shipping_memory_for(64'000 * kMb);
  EXPECT_LT(all_of(large), 64 * kMb);
  EXPECT_GE(large.backlog_bytes, 40 * kMb);
  EXPECT_EQ(all_of(large), all_of(shipping_memory_for(640 * kMb)));
  const ShippingMemory middle = shipping_memory_for(320 * kMb);
  EXPECT_LT(all_of(middle), 32 * kMb);
  EXPECT_GE(middle.backlog_bytes, 16 * kMb);
}

TEST(MemoryLimit, a_small_machine_keeps_some_too) {
  const ShippingMemory small = shipping_memory_for(16 * kMb);
  EXPECT_GE(small.backlog_bytes, 2 * kMb);
  EXPECT_LE(all_of(small), 12 * kMb);
}

}  // namespace
}  // namespace outrigger::keeper
