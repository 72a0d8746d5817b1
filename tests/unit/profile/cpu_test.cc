// The service's side of CPU samples, and their reader, in one process.
#include "profile/cpu.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "outrigger/profile.h"
#include "segment/sample_reader.h"
#include "shared_view.h"

namespace outrigger::profile {
namespace {

using segment::Sample;
using segment::SampleShare;
using segment::SampleState;
using segment::TickClock;

void ask(segment::View view, uint32_t hz, TickClock clock = TickClock::kCpu) {
  SampleShare& share = segment::samples(view);
  share.hz[static_cast<size_t>(clock)].store(hz);
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
  // A thread's first sample stands for what lies between two, wherever it came: the period, or the
  // kernel's tick where that is longer.
  timespec tick{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  const auto whole_ns = static_cast<uint64_t>(std::max(1'000'000L, tick.tv_nsec));
  std::set<int32_t> begun;
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
      if (sample->weight_ns == whole_ns) begun.insert(sample->thread_id);
    }
  }
  EXPECT_TRUE(enough());
  EXPECT_EQ(begun.size(), by_thread.size());
  stop = true;
  first.join();
  second.join();
  ask(view, 0);
  EXPECT_EQ(look(), -1);
  EXPECT_EQ(reader.corruptions(), 0u);
}

// More threads than processors: each meets ticks by chance, and often none for more than a period.
TEST(CpuSamples, come_at_the_rate_that_was_asked_for_however_busy_the_machine) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer delays signals";
#endif
  const segment::View view = shared_view();
  timespec tick{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  const auto hz = static_cast<uint32_t>(std::min(200.0, 0.8e9 / static_cast<double>(tick.tv_nsec)));
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency() + 1; ++i)
    threads.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
      }
    });
  segment::SampleReader reader(view);
  auto sample = std::make_unique<Sample>();
  uint64_t samples = 0;
  uint64_t weight_ns = 0;
  ask(view, hz);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (samples < 800 && std::chrono::steady_clock::now() < until) {
    while (reader.next(*sample)) {
      ++samples;
      weight_ns += sample->weight_ns;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ask(view, 0);
  stop = true;
  for (std::thread& each : threads) each.join();
  ASSERT_GE(samples, 800u);
  const double reached = static_cast<double>(samples) / (static_cast<double>(weight_ns) / 1e9);
  EXPECT_GE(reached, 0.92 * hz);
  printf("%.1f Hz of %u\n", reached, hz);
}

TEST(WallSamples, come_from_threads_that_wait_and_weigh_their_time) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer holds signals back until the thread ends its wait";
#endif
  const segment::View view = shared_view();
  std::atomic<bool> stop{false};
  std::atomic<int32_t> waiting{0};
  std::thread waiter([&] {
    waiting = static_cast<int32_t>(syscall(SYS_gettid));
    stop.wait(false);
  });
  while (waiting == 0) std::this_thread::yield();
  const auto began = std::chrono::steady_clock::now();
  ask(view, 100, TickClock::kWall);
  segment::SampleReader reader(view);
  auto sample = std::make_unique<Sample>();
  uint64_t weight_ns = 0;
  int count = 0;
  const auto passed = [&] { return std::chrono::steady_clock::now() - began; };
  while (count < 50 && passed() < std::chrono::seconds(60)) {
    while (reader.next(*sample)) {
      if (sample->thread_id != waiting) continue;
      EXPECT_EQ(sample->kind, segment::SampleKind::kWall);
      weight_ns += sample->weight_ns;
      ++count;
    }
  }
  EXPECT_GE(count, 50);
  // Each time is counted once; the first sample stands for a whole period.
  EXPECT_LE(weight_ns,
            static_cast<uint64_t>(std::chrono::nanoseconds(passed()).count()) + 10'000'000);
  EXPECT_GE(weight_ns, 50u * 5'000'000);
  stop = true;
  stop.notify_all();
  waiter.join();
  ask(view, 0, TickClock::kWall);
  EXPECT_EQ(look(), -1);
}

TEST(CpuSamples, of_a_labelled_thread_bear_its_labels) {
  const segment::View view = shared_view();
  const auto tag = label("route", "/greet");
  ask(view, 1000);
  segment::SampleReader reader(view);
  auto sample = std::make_unique<Sample>();
  sample->label_bytes = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (sample->label_bytes == 0 && std::chrono::steady_clock::now() < until)
    while (sample->label_bytes == 0 && reader.next(*sample)) {
    }
  EXPECT_EQ(std::string(sample->labels.data(), sample->label_bytes), "\x05\x06route/greet");
  ask(view, 0);
}

TEST(CpuSamples, for_the_record_end_when_the_program_takes_the_signal) {
  const segment::View view = shared_view();
  SampleShare& share = segment::samples(view);
  share.record_only.store(1);
  ask(view, 10);
  EXPECT_EQ(look(), kRecordLookMs);
  struct sigaction own = {};
  struct sigaction before;
  own.sa_handler = [](int) {};
  sigaction(SIGPROF, &own, &before);
  EXPECT_EQ(look(), -1);
  EXPECT_EQ(share.refusal.load(), static_cast<uint32_t>(segment::SampleRefusal::kSignalTaken));
  sigaction(SIGPROF, &before, nullptr);
  share.record_only.store(0);
  ask(view, 0);
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
  const auto fill = [&](size_t cell, uint32_t kind, uint32_t bytes, uint32_t label_bytes = 0) {
    segment::SampleHeader header{};
    header.kind = kind;
    header.stack_bytes = bytes;
    header.label_bytes = label_bytes;
    header.stack_at = 0x1000;
    memcpy(segment::sample_cell(view, cell), &header, sizeof(header));
    share.states[cell].store(static_cast<uint32_t>(SampleState::kFull));
  };
  fill(0, 99, 0);
  fill(1, 1, segment::kStackBytesMax + 1);
  fill(2, 1, 16);
  fill(4, 1, 16, segment::kLabelBytesMax + 1);
  share.states[3].store(77);
  auto sample = std::make_unique<Sample>();
  ASSERT_TRUE(reader.next(*sample));
  EXPECT_EQ(sample->stack_bytes, 16u);
  EXPECT_FALSE(reader.next(*sample));
  EXPECT_EQ(reader.corruptions(), 3u);
  uint64_t word = 0;
  EXPECT_TRUE(sample->read(0x1008, word));
  EXPECT_FALSE(sample->read(0x1009, word));
  EXPECT_FALSE(sample->read(0xfff, word));
  EXPECT_FALSE(sample->read(UINT64_MAX - 3, word));
  share.states[3].store(0);
}

}  // namespace
}  // namespace outrigger::profile
