// Log calls and the keeper's reader in one process: order, wrapping, dropping, counting.
#include <fcntl.h>
#include <sys/eventfd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "ring_fixture.h"

namespace outrigger {
namespace {

using namespace std::chrono_literals;

class RingTest : public RingFixture {};

TEST_F(RingTest, stores_raw_arguments_in_order) {
  log::info("order {} placed by {who} for {price:.2f}", uint64_t{42}, std::string("ada"), 1.5);
  log::warn("again {n}", -1);
  const auto records = read_all();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].level, 2u);
  EXPECT_EQ(records[0].word(0), 42u);
  EXPECT_EQ(records[0].word(1), 3u);
  EXPECT_EQ(records[0].word(2), std::bit_cast<uint64_t>(1.5));
  EXPECT_EQ(records[0].text_after(3).substr(0, 3), "ada");
  EXPECT_EQ(records[1].level, 3u);
  EXPECT_EQ(static_cast<int64_t>(records[1].word(0)), -1);
  EXPECT_EQ(records[0].sequence, 0u);
  EXPECT_EQ(records[1].sequence, 1u);
}

TEST_F(RingTest, a_disabled_level_writes_nothing_and_consumes_no_number) {
  log::set_level(log::Level::kWarn);
  log::info("not this {}", 1);
  log::error("but this {}", 2);
  const auto records = read_all();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].word(0), 2u);
  EXPECT_EQ(records[0].sequence, 0u);
}

TEST_F(RingTest, wraps_with_records_of_every_size) {
  const std::string filler(3000, 'x');
  uint64_t expected = 0;
  for (uint64_t i = 0; i < 20'000; ++i) {
    const std::string text = filler.substr(0, (i * 37) % 2900);
    log::info("{} {}", i, text);
    if (i % 50 != 49) continue;
    for (const auto& record : read_all()) {
      ASSERT_EQ(record.word(0), expected);
      const size_t length = (expected * 37) % 2900;
      ASSERT_EQ(record.word(1), length);
      ASSERT_EQ(record.text_after(2).substr(0, length), filler.substr(0, length));
      ASSERT_EQ(record.missing, 0u);
      ++expected;
    }
  }
  EXPECT_EQ(expected, 20'000u);
  EXPECT_EQ(reader_->corruptions(), 0u);
}

TEST_F(RingTest, a_ring_that_fills_rings_the_keepers_bell_once) {
  const int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  log::set_keeper_bell(bell);
  const auto rung = [&] {
    uint64_t times = 0;
    return read(bell, &times, sizeof times) < 0 ? 0 : times;
  };
  const std::string text(1000, 'x');
  const auto fill = [&](size_t bytes) {
    for (size_t i = 0; i < bytes / text.size(); ++i) log::info("{}", text);
  };
  fill(segment::kRingBytes / 8);
  EXPECT_EQ(rung(), 0u);
  fill(segment::kRingBytes / 4);
  EXPECT_EQ(rung(), 1u);
  fill(segment::kRingBytes);
  EXPECT_EQ(rung(), 0u) << "it knows, or is stuck";
  EXPECT_NE(log::dropped(), 0u);
  read_all();
  fill(segment::kRingBytes / 2);
  EXPECT_EQ(rung(), 1u);

  // Another descriptor under its number gets nothing.
  int pipes[2];
  ASSERT_EQ(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
  ASSERT_EQ(dup3(pipes[1], bell, O_CLOEXEC), bell);
  read_all();
  fill(segment::kRingBytes / 2);
  char byte;
  EXPECT_EQ(read(pipes[0], &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  log::set_keeper_bell(-1);
  for (const int fd : {bell, pipes[0], pipes[1]}) close(fd);
}

// Sizes that divide the ring's come to stand at its very end, again and again.
TEST_F(RingTest, a_record_that_ends_where_the_ring_ends_is_followed_from_its_start) {
  constexpr uint64_t kRecord = internal::kRecordHeaderBytes + 4 * 8;
  static_assert(segment::kRingBytes % kRecord == 0);
  constexpr uint64_t kCalls = 5 * segment::kRingBytes / kRecord;
  uint64_t expected = 0;
  for (uint64_t i = 0; i < kCalls; ++i) {
    log::info("{} {} {} {}", i, i, i, i);
    if (i % 1000 != 999 && i + 1 != kCalls) continue;
    for (const auto& record : read_all()) {
      ASSERT_EQ(record.bytes.size(), kRecord);
      ASSERT_EQ(record.word(0), expected++);
    }
  }
  EXPECT_EQ(expected, kCalls);
  EXPECT_EQ(reader_->corruptions(), 0u);
  // Nobody has ever written to the neighbour's.
  const std::string_view neighbour(view_.ring_data(1), segment::kRingBytes);
  EXPECT_EQ(neighbour.find_first_not_of('\0'), std::string_view::npos);
}

TEST_F(RingTest, texts_of_all_short_lengths_are_copied_whole) {
  const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  for (size_t n = 0; n <= letters.size(); ++n)
    log::info("{}{}", letters.substr(0, n), letters.substr(n));
  const auto records = read_all();
  ASSERT_EQ(records.size(), letters.size() + 1);
  for (const auto& record : records)
    EXPECT_EQ(record.text_after(2).substr(0, letters.size()), letters);
}

TEST_F(RingTest, a_full_ring_drops_and_every_drop_is_counted_once) {
  uint64_t calls = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 30'000; ++i) log::info("{}", calls++);
    uint64_t told = 0, read = 0, next = 0;
    for (const auto& record : read_all()) {
      told += record.missing;
      ++read;
      next = record.sequence + 1;
    }
    EXPECT_GT(read, 10'000u);
    EXPECT_LE(next, calls);
    told += reader_->take_untold().count;
    EXPECT_EQ(read + told, 30'000u);
  }
  EXPECT_EQ(view_.ring(0).dropped[2].load() + 0, reader_->dropped().total());
  // A later gap in the numbers must not tell the same drops again.
  log::info("{}", 1);
  const auto last = read_all();
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].missing, 0u);
  EXPECT_EQ(reader_->take_untold().count, 0u);
}

TEST_F(RingTest, error_waits_for_a_reader_and_info_does_not) {
  // A machine that gives the reader no processor for the whole budget says nothing: once more then.
  for (int attempt = 0; attempt < 30; ++attempt) {
    const uint64_t infos = view_.ring(0).dropped[2].load();
    const uint64_t errors = view_.ring(0).dropped[4].load();
    while (view_.ring(0).dropped[2].load() == infos) log::info("{}", 1);
    std::thread reader([&] {
      std::this_thread::sleep_for(20ms);
      reader_->begin(UINT64_MAX, false);
      segment::RawRecord raw;
      for (int i = 0; i < 100; ++i) reader_->next(raw);
      reader_->release();
    });
    log::error("must get through {}", 7);
    reader.join();
    const auto records = read_all();
    ASSERT_FALSE(records.empty());
    if (view_.ring(0).dropped[4].load() == errors) {
      EXPECT_EQ(records.back().level, 4u);
      return;
    }
    EXPECT_EQ(records.back().level, 2u);
    std::this_thread::sleep_for(1100ms);  // the budget is a second's
  }
  FAIL() << "ERROR did not wait for a reader in any of 30 attempts";
}

TEST_F(RingTest, error_waits_at_most_its_budget_in_a_second) {
  while (view_.ring(0).dropped[2].load() == 0) log::info("{}", 1);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) log::error("{}", i);
  // 100 ms of waiting in any second; generous above for a loaded machine, but far from 50 times the
  // budget.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(view_.ring(0).dropped[4].load(), 50u);
}

TEST_F(RingTest, error_does_not_wait_for_a_keeper_known_to_be_stuck) {
  while (view_.ring(0).dropped[2].load() == 0) log::info("{}", 1);
  view_.supervision().keeper_stuck.store(1);
  for (int i = 0; i < 10; ++i) log::error("{}", i);
  EXPECT_EQ(view_.ring(0).dropped[4].load(), 10u);
}

TEST_F(RingTest, a_text_beyond_the_largest_record_is_cut_and_counted) {
  const std::string huge(300'000, 'y');
  log::info("{} {}", huge, 5);
  const auto records = read_all();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].bytes.size(), internal::kRecordBytesMax);
  EXPECT_EQ(records[0].word(1), 5u);
  EXPECT_LT(records[0].word(0), huge.size());
  EXPECT_EQ(view_.service().truncated.load(), 1u);
}

TEST_F(RingTest, threads_write_at_once_and_nothing_is_lost_or_disordered) {
  constexpr int kThreads = 4;
  constexpr uint64_t kCalls = 40'000;
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < kCalls; ++i) log::info("{} {}", t, i);
      running.fetch_sub(1);
    });
  }
  std::map<uint64_t, uint64_t> next;
  uint64_t read = 0, told = 0;
  const auto take = [&] {
    for (const auto& record : read_all()) {
      ++read;
      told += record.missing;
      ASSERT_GE(record.word(1), next[record.word(0)]);
      next[record.word(0)] = record.word(1) + 1;
    }
  };
  while (running.load() > 0) take();
  for (auto& thread : threads) thread.join();
  take();
  told += reader_->take_untold().count;
  EXPECT_EQ(read + told, kThreads * kCalls);
  EXPECT_EQ(reader_->corruptions(), 0u);
}

TEST_F(RingTest, rings_of_ended_threads_serve_new_ones_under_a_new_generation) {
  uint64_t read = 0;
  uint32_t generation_max = 0;
  for (int round = 0; round < 200; ++round) {
    std::thread([&] { log::info("{}", round); }).join();
    for (const auto& record : read_all()) {
      EXPECT_EQ(record.word(0), read);
      EXPECT_EQ(record.sequence, 0u);
      generation_max = std::max(generation_max, record.generation);
      ++read;
    }
  }
  EXPECT_EQ(read, 200u);
  EXPECT_GE(generation_max, 50u);
}

TEST_F(RingTest, threads_beyond_the_rings_share_the_overflow_queue) {
  constexpr int kThreads = segment::kRings + 16;
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      log::info("{} {}", t, 0);
      ready.fetch_add(1);
      while (!go.load()) std::this_thread::yield();
      for (int i = 1; i < 50; ++i) log::info("{} {}", t, i);
    });
  }
  while (ready.load() < kThreads) std::this_thread::yield();
  go.store(true);
  for (auto& thread : threads) thread.join();
  std::map<uint64_t, uint64_t> next;
  uint64_t from_queue = 0, read = 0;
  for (const auto& record : read_all()) {
    ++read;
    if (record.ring == segment::kOverflowRing) ++from_queue;
    EXPECT_EQ(record.word(1), next[record.word(0)]++);
  }
  EXPECT_EQ(read, kThreads * 50u);
  EXPECT_GE(from_queue, 16u * 49u);
}

TEST_F(RingTest, the_overflow_queue_drops_when_full_and_counts) {
  // Occupy all rings with threads that stay.
  std::atomic<bool> stop{false};
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < segment::kRings; ++t) {
    threads.emplace_back([&] {
      log::info("{}", 0);
      ready.fetch_add(1);
      while (!stop.load()) std::this_thread::yield();
    });
  }
  while (ready.load() < static_cast<int>(segment::kRings)) std::this_thread::sleep_for(1ms);
  read_all();
  for (size_t i = 0; i < segment::kOverflowCells + 100; ++i) log::info("{}", i);
  EXPECT_EQ(view_.overflow().dropped[2].load(), 100u);
  uint64_t expected = 0;
  for (const auto& record : read_all()) EXPECT_EQ(record.word(0), expected++);
  EXPECT_EQ(expected, segment::kOverflowCells);
  EXPECT_EQ(reader_->take_untold().count, 100u);
  // And again, in the next lap.
  for (size_t i = 0; i < segment::kOverflowCells; ++i) log::info("{}", i);
  EXPECT_EQ(read_all().size(), segment::kOverflowCells);
  stop.store(true);
  for (auto& thread : threads) thread.join();
}

TEST_F(RingTest, a_cell_whose_writer_died_is_stepped_over_after_the_service_ended) {
  view_.overflow().enqueue.store(1);  // a writer took ticket 0 and never filled its cell
  segment::OverflowCell& cell = view_.overflow().cells[1];
  view_.overflow().enqueue.store(2);
  const uint32_t size_level = 32 | 2u << 24;
  memcpy(cell.record, &size_level, 4);
  cell.turn.store(1);
  EXPECT_TRUE(read_all(false).empty());
  EXPECT_EQ(read_all(true).size(), 1u);
  EXPECT_EQ(reader_->abandoned(), 1u);
}

TEST_F(RingTest, a_successor_of_the_reader_goes_on_where_the_marks_stand) {
  for (int i = 0; i < 100; ++i) log::info("{}", i);
  ASSERT_EQ(read_all().size(), 100u);
  const segment::SourceMarks marks = reader_->marks();
  for (int i = 100; i < 150; ++i) log::info("{}", i);
  segment::RawRecord raw;
  reader_->begin(UINT64_MAX, false);
  while (reader_->next(raw)) {
  }  // read, but never made safe: this reader dies here
  reader_ = std::make_unique<segment::Reader>(view_, fd_);
  reader_->resume(marks);
  const auto records = read_all();
  ASSERT_EQ(records.size(), 50u);
  EXPECT_EQ(records[0].word(0), 100u);
  EXPECT_EQ(records[0].missing, 0u);
}

// Until the counter has moved on, and after all that this thread has seen. Its step may be longer than
// a call (a microsecond under an emulator), and it is read without a barrier (base/clock.h); a test of
// the order by time needs both.
void next_tick() {
#if defined(__x86_64__)
  __builtin_ia32_lfence();
#else
  asm volatile("isb" ::: "memory");
#endif
  const uint64_t now = internal::log_ticks();
  while (internal::log_ticks() == now) {
  }
}

TEST_F(RingTest, records_of_two_threads_come_in_order_of_time) {
  std::atomic<int> turn{0};
  const auto speak = [&](int me) {
    for (int i = 0; i < 500; ++i) {
      while (turn.load(std::memory_order_acquire) != me) std::this_thread::yield();
      next_tick();
      log::info("{}", i * 2 + me);
      turn.store(1 - me, std::memory_order_release);
    }
  };
  std::thread a(speak, 0), b(speak, 1);
  a.join();
  b.join();
  uint64_t expected = 0;
  for (const auto& record : read_all()) ASSERT_EQ(record.word(0), expected++);
  EXPECT_EQ(expected, 1000u);
}

TEST_F(RingTest, nothing_later_than_the_horizon_is_given_out) {
  log::info("{}", 1);
  const uint64_t horizon = internal::log_ticks();
  next_tick();
  log::info("{}", 2);
  reader_->begin(horizon, false);
  segment::RawRecord raw;
  ASSERT_TRUE(reader_->next(raw));
  EXPECT_FALSE(reader_->next(raw));
  reader_->release();
  EXPECT_EQ(read_all().size(), 1u);
}

TEST_F(RingTest, at_most_lets_so_many_through_in_a_second) {
  int passed = 0;
  for (int i = 0; i < 1000; ++i)
    if (log::at_most(5)) ++passed;
  EXPECT_GE(passed, 5);
  EXPECT_LE(passed, 10);  // the loop may straddle the turn of a second
  EXPECT_EQ(view_.service().suppressed.load() + static_cast<uint64_t>(passed), 1000u);
}

}  // namespace
}  // namespace outrigger
