#include "health/slot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

namespace outrigger::health {
namespace {

using segment::HealthSlot;

constexpr auto kPending = static_cast<uint32_t>(segment::CheckStatus::kPending);
constexpr auto kWarn = static_cast<uint32_t>(segment::CheckStatus::kWarn);

TEST(HealthSlot, begins_as_pending_with_its_bounds) {
  HealthSlot slot{};
  const SlotWriter writer(
      slot, "database",
      {.every = std::chrono::milliseconds(250), .critical = false, .gates_readiness = true});
  EXPECT_STREQ(slot.name, "database");
  EXPECT_EQ(slot.status, kPending);
  EXPECT_EQ(slot.critical, 0u);
  EXPECT_EQ(slot.gates_readiness, 1u);
  EXPECT_EQ(slot.every_ns, 250'000'000);
  EXPECT_EQ(slot.timeout_ns, 5'000'000'000);
  EXPECT_EQ(slot.version.load() % 2, 0u);
}

TEST(HealthSlot, a_run_under_way_keeps_the_last_result) {
  HealthSlot slot{};
  SlotWriter writer(slot, "disk", {});
  writer.started(100);
  writer.ended(warn("80 % full"), 5'000, 30);
  EXPECT_EQ(slot.started_ns, 0);
  writer.started(200);
  EXPECT_EQ(slot.started_ns, 200);
  EXPECT_EQ(slot.status, kWarn);
  EXPECT_STREQ(slot.output, "80 % full");
  EXPECT_EQ(slot.time_real_ns, 5'000);
  EXPECT_EQ(slot.duration_ns, 30);
  EXPECT_EQ(slot.version.load(), 8u) << "four writes, two steps each";
}

TEST(HealthSlot, long_texts_are_cut_between_characters) {
  HealthSlot slot{};
  SlotWriter writer(slot, std::string(100, 'n'), {});
  EXPECT_EQ(std::string(slot.name), std::string(63, 'n'));
  std::string long_output;
  for (int i = 0; i < 400; ++i) long_output += "\xc3\xa9";
  writer.ended(fail(long_output), 1, 1);
  EXPECT_EQ(std::string(slot.output), long_output.substr(0, 766))
      << "767 bytes fit, but the last would be half an é";
  writer.ended(fail("short"), 1, 1);
  EXPECT_STREQ(slot.output, "short");
}

// The reader's half of the protocol, as the keeper does it: what it accepts is never a mixture.
TEST(HealthSlot, a_reader_never_accepts_a_mixture) {
  HealthSlot slot{};
  std::atomic<bool> stop{false};
  SlotWriter writer(slot, "mixed", {});
  std::thread writing([&] {
    for (int64_t i = 1; !stop.load(); ++i)
      writer.ended(pass(std::string(500, static_cast<char>('a' + i % 26))), i, i);
  });
  int accepted = 0;
  // On a busy machine the writer may stand still within a write: then nothing is accepted.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (int i = 0; i < 20'000 || (accepted < 100 && std::chrono::steady_clock::now() < until); ++i) {
    const uint32_t before = slot.version.load(std::memory_order_acquire);
    uint64_t words[sizeof(HealthSlot) / 8];
    for (size_t w = 0; w < std::size(words); ++w) {
      words[w] =
          std::atomic_ref(reinterpret_cast<uint64_t*>(&slot)[w]).load(std::memory_order_relaxed);
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 != 0 || slot.version.load(std::memory_order_relaxed) != before) continue;
    ++accepted;
    const char* copy = reinterpret_cast<const char*>(words);
    int64_t time_real_ns, duration_ns;
    memcpy(&time_real_ns, copy + offsetof(HealthSlot, time_real_ns), 8);
    memcpy(&duration_ns, copy + offsetof(HealthSlot, duration_ns), 8);
    ASSERT_EQ(time_real_ns, duration_ns);
    const std::string output(copy + offsetof(HealthSlot, output));
    if (output.empty()) continue;
    ASSERT_EQ(output, std::string(500, static_cast<char>('a' + time_real_ns % 26)));
  }
  stop = true;
  writing.join();
  EXPECT_GE(accepted, 100);
}

}  // namespace
}  // namespace outrigger::health
