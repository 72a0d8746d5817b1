#include "keeper/drain.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>

#include <thread>

#include "drained.h"
#include "outrigger/log.h"

namespace outrigger::keeper {
namespace {

TEST(Drain, entries_come_out_in_order_of_time_across_threads) {
  Drained d;
  for (int i = 0; i < 50; ++i) {
    log::info("n {n}", 2 * i);
    std::thread([i] { log::info("n {n}", 2 * i + 1); }).join();
  }
  d.turn_until_idle();
  const auto lines = d.lines();
  ASSERT_EQ(lines.size(), 100u);
  for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(field_of(lines[i], "n"), std::to_string(i));
}

TEST(Drain, the_format_may_change_between_turns) {
  Drained d;
  log::info("a {x}", 1);
  d.turn_until_idle();
  d.drain->set_format(LineFormat::kText);
  log::warn("b {x}", 2);
  d.turn_until_idle();
  d.drain->set_format(LineFormat::kColouredText);
  log::error("c {x}", 3);
  d.turn_until_idle();
  const auto lines = d.lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0][0], '{');
  EXPECT_NE(lines[1].find("Z WARN  b 2 (drain_test.cc:"), std::string::npos) << lines[1];
  EXPECT_NE(lines[2].find("\x1b[31mERROR\x1b[0m c 3"), std::string::npos) << lines[2];
}

// Records of one number each, and then some.
constexpr uint64_t kMoreThanARing =
    segment::kRingBytes / (internal::kRecordHeaderBytes + sizeof(uint64_t)) + 5'000;

TEST(Drain, a_gap_is_told_where_it_is_under_the_first_missing_number) {
  Drained d;
  uint64_t calls = 0;
  for (; calls < kMoreThanARing; ++calls) log::info("n {n}", calls);
  d.turn_until_idle();
  log::info("after {n}", calls++);
  d.turn_until_idle();
  const auto lines = d.lines();
  ASSERT_GE(lines.size(), 2u);
  const std::string& gap = lines[lines.size() - 2];
  const std::string& last = lines.back();
  EXPECT_TRUE(last.find("after") != std::string::npos);
  EXPECT_EQ(field_of(gap, "level"), "WARN");
  const uint64_t dropped = strtoull(field_of(gap, "count").c_str(), nullptr, 10);
  EXPECT_EQ(lines.size() - 1 + dropped, calls);
  EXPECT_EQ(field_of(gap, "ring"), field_of(last, "ring"));
  EXPECT_EQ(strtoull(field_of(gap, "seq").c_str(), nullptr, 10), lines.size() - 2);
  EXPECT_EQ(d.drain->dropped().total(), dropped);
  // "dropped 12,345 entries between 2026-... and 2026-..."
  const std::string message = field_of(gap, "message");
  EXPECT_TRUE(message.starts_with("dropped ")) << message;
  EXPECT_NE(message.find(","), std::string::npos) << message;
  EXPECT_NE(
      message.find(" entries between " + field_of(gap, "from") + " and " + field_of(gap, "to")),
      std::string::npos)
      << message;
}

TEST(Drain, drops_after_which_nothing_comes_are_told_once) {
  Drained d;
  uint64_t calls = 0;
  for (; calls < kMoreThanARing; ++calls) log::info("n {n}", calls);
  d.turn_until_idle();
  const size_t entries = d.lines().size();
  d.drain->tell_drops();
  d.drain->tell_drops();
  const auto told = d.lines();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(entries + strtoull(field_of(told[0], "count").c_str(), nullptr, 10), calls);
  EXPECT_EQ(field_of(told[0], "ring"), "keeper.0");
  // A later entry of the ring does not tell them again.
  log::info("after");
  d.turn_until_idle();
  EXPECT_EQ(d.lines().size(), 1u);
}

TEST(Drain, a_single_drop_is_one_entry) {
  Drained d;
  d.view().ring(0).dropped[2].fetch_add(1);
  d.drain->tell_drops();
  const auto told = d.lines();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("dropped 1 entry between"), std::string::npos);
}

TEST(Drain, a_full_spool_leaves_the_rest_in_the_rings) {
  Drained d;
  const std::string text(30'000, 'x');
  size_t calls = 0;
  Drain::Turn turn = Drain::Turn::kIdle;
  while (turn != Drain::Turn::kNoRoom && calls < 10'000) {
    for (int i = 0; i < 10; ++i, ++calls) log::info("{}", text);
    do {
      turn = d.drain->turn(Drain::Service::kLives);
    } while (turn == Drain::Turn::kWorked);
  }
  ASSERT_EQ(turn, Drain::Turn::kNoRoom);
  size_t entries = d.lines().size();
  d.turn_until_idle();
  entries += d.lines().size();
  EXPECT_EQ(entries, calls);
  EXPECT_EQ(d.drain->dropped().total(), 0u);
}

TEST(Drain, what_stdout_did_not_take_is_told_once) {
  Drained d;
  log::info("x");
  d.turn_until_idle();
  d.lines();
  d.spool->lost({.bytes = 0, .end = 0, .lines = 1204, .calls = 1204});
  d.drain->tell_lost("stdout did not take {count:L} entries");
  d.drain->tell_lost("stdout did not take {count:L} entries");
  const auto told = d.lines();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(field_of(told[0], "message"), "stdout did not take 1,204 entries");
  EXPECT_EQ(field_of(told[0], "count"), "1204");
}

TEST(Drain, records_that_make_no_sense_are_counted_and_shown) {
  Drained d;
  log::info("n {n}", 1);
  log::info("n {n}", 2);
  // The first record's constants now lie nowhere.
  const uint32_t nowhere[3] = {0x7fffffff, 0x7fffffff, 0x7fffffff};
  memcpy(d.view().ring_data(0) + 4, nowhere, sizeof(nowhere));
  d.turn_until_idle();
  d.turn_until_idle();
  const auto lines = d.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(field_of(lines[0], "message"), "unreadable log record");
  EXPECT_EQ(field_of(lines[1], "message"), "n 2");
  EXPECT_EQ(d.drain->irregularities(), 1u);
}

TEST(Recent, shows_the_last_ten_newest_first) {
  Drained d;
  EXPECT_TRUE(d.recent->entries().empty());
  for (int i = 0; i < 25; ++i) log::warn("n {n} {text}", i, "a\nb");
  d.turn_until_idle();
  d.turn_until_idle();
  const auto entries = d.recent->entries();
  ASSERT_EQ(entries.size(), Recent::kEntries);
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto n = static_cast<int64_t>(24 - i);
    EXPECT_EQ(entries[i].message, "n " + std::to_string(n) + " a\nb");
    EXPECT_EQ(entries[i].level, admin::Level::kWarn);
    EXPECT_TRUE(entries[i].source.starts_with("drain_test.cc:"));
    ASSERT_EQ(entries[i].fields.size(), 2u);
    EXPECT_EQ(std::get<int64_t>(entries[i].fields[0].second), n);
    EXPECT_GT(entries[i].time_ns, 1'700'000'000'000'000'000);
  }
}

TEST(Recent, may_be_asked_while_entries_come) {
  Drained d;
  std::atomic<bool> stop{false};
  std::thread page([&] {
    while (!stop.load()) {
      for (const auto& entry : d.recent->entries()) EXPECT_TRUE(entry.message.starts_with("n "));
    }
  });
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 20; ++i) log::info("n {n}", i);
    d.turn_until_idle();
    d.lines();
  }
  stop = true;
  page.join();
}

}  // namespace
}  // namespace outrigger::keeper
