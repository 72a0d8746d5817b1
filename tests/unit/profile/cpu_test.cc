// The service's side of CPU samples, and their reader, in one process.
#include "profile/cpu.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <thread>

#include "segment/sample_reader.h"
#include "shared_view.h"

namespace outrigger::profile {
namespace {

using segment::Sample;
using segment::SampleShare;
using segment::SampleState;

void ask(segment::View view, uint32_t hz) {
  SampleShare& share = segment::samples(view);
  share.cpu_hz.store(hz);
  share.asked.fetch_add(1);
  look();
  ASSERT_EQ(share.applied.load(), share.asked.load());
  ASSERT_EQ(share.refusal.load(), 0u);
}

TEST(CpuSamples, come_from_each_thread_that_computes) {
  const segment::View view = shared_view();
  std::atomic<bool> stop{false};
  const auto spin = [&] {
    while (!stop.load(std::memory_order_relaxed)) {
    }
  };
  std::thread first(spin);
  ask(view, 1000);
  std::thread second(spin);  // found by the next look
  segment::SampleReader reader(view);
  auto sample = std::make_unique<Sample>();
  std::map<int32_t, int> by_thread;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto enough = [&] {
    int threads = 0;
    for (const auto& [thread, count] : by_thread) threads += count >= 5;
    return threads >= 3;  // this one looks on, and computes too
  };
  while (!enough() && std::chrono::steady_clock::now() < until) {
    look();
    while (reader.next(*sample)) {
      EXPECT_EQ(sample->kind, segment::SampleKind::kCpu);
      EXPECT_GT(sample->stack_bytes, 100u);
      EXPECT_GT(sample->weight_ns, 0u);
      ++by_thread[sample->thread_id];
    }
  }
  EXPECT_TRUE(enough());
  stop = true;
  first.join();
  second.join();
  ask(view, 0);
  EXPECT_EQ(look(), -1);
  EXPECT_EQ(reader.corruptions(), 0u);
}

TEST(CpuSamples, without_a_free_cell_are_counted) {
  const segment::View view = shared_view();
  SampleShare& share = segment::samples(view);
  const uint64_t before = share.dropped.load();
  for (auto& state : share.states) state.store(static_cast<uint32_t>(SampleState::kWriting));
  ask(view, 1000);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (share.dropped.load() == before && std::chrono::steady_clock::now() < until) {
  }
  ask(view, 0);
  EXPECT_GT(share.dropped.load(), before);
  for (auto& state : share.states) state.store(0);
}

TEST(SampleReader, steps_over_what_cannot_be) {
  const segment::View view = shared_view();
  SampleShare& share = segment::samples(view);
  segment::SampleReader reader(view);
  const auto fill = [&](size_t cell, uint32_t kind, uint32_t bytes) {
    segment::SampleHeader header{};
    header.kind = kind;
    header.stack_bytes = bytes;
    header.stack_at = 0x1000;
    memcpy(segment::sample_cell(view, cell), &header, sizeof(header));
    share.states[cell].store(static_cast<uint32_t>(SampleState::kFull));
  };
  fill(0, 99, 0);
  fill(1, 1, segment::kStackBytesMax + 1);
  fill(2, 1, 16);
  share.states[3].store(77);
  auto sample = std::make_unique<Sample>();
  ASSERT_TRUE(reader.next(*sample));
  EXPECT_EQ(sample->stack_bytes, 16u);
  EXPECT_FALSE(reader.next(*sample));
  EXPECT_EQ(reader.corruptions(), 2u);
  uint64_t word = 0;
  EXPECT_TRUE(sample->read(0x1008, word));
  EXPECT_FALSE(sample->read(0x1009, word));
  EXPECT_FALSE(sample->read(0xfff, word));
  EXPECT_FALSE(sample->read(UINT64_MAX - 3, word));
  share.states[3].store(0);
}

}  // namespace
}  // namespace outrigger::profile
