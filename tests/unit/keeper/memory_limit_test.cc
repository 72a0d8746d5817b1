#include "keeper/memory_limit.h"

#include <gtest/gtest.h>

#include "keeper/spool.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kMb = 1u << 20;

TEST(MemoryLimit, the_backlog_and_the_spool_stay_below_64_mb_or_a_tenth_of_the_limit) {
  EXPECT_LE(backlog_bytes_for(64'000 * kMb) + kSpoolDataBytes, 64 * kMb);
  EXPECT_EQ(backlog_bytes_for(64'000 * kMb), backlog_bytes_for(640 * kMb));
  EXPECT_LE(backlog_bytes_for(320 * kMb) + kSpoolDataBytes, 32 * kMb);
  EXPECT_GE(backlog_bytes_for(320 * kMb), 16 * kMb);
}

TEST(MemoryLimit, a_small_machine_keeps_some_too) {
  EXPECT_GE(backlog_bytes_for(16 * kMb), 2 * kMb);
  EXPECT_LE(backlog_bytes_for(16 * kMb) + kSpoolDataBytes, 12 * kMb);
}

}  // namespace
}  // namespace outrigger::keeper
