#include "keeper/spool.h"

#include <gtest/gtest.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <thread>

#include "render/entry.h"
#include "render/made_record.h"

namespace outrigger::keeper {
namespace {

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() : fd_(memfd_create("spool", MFD_CLOEXEC)) {
    EXPECT_EQ(ftruncate(fd_.get(), 16 << 20), 0);
    reopen();
  }
  // As a keeper's successor does.
  void reopen() {
    spool_.reset();
    auto opened = Spool::open(fd_.get(), 77);
    ASSERT_TRUE(opened.ok());
    spool_ = std::move(*opened);
  }
  void put(std::string_view line) {
    ASSERT_GE(spool_->room(), line.size());
    memcpy(spool_->draft(), line.data(), line.size());
    spool_->add(line.size());
  }
  std::string take(size_t bytes_max = 64 << 10) {
    std::string bytes(bytes_max, '\0');
    last_ = spool_->take(bytes.data(), bytes_max);
    bytes.resize(last_.bytes);
    return bytes;
  }
  void write_out() {
    spool_->wrote(last_.end);
    spool_->delivered(last_);
  }
  // Of its memory, in bytes.
  size_t resident() const {
    struct stat status;
    fstat(fd_.get(), &status);
    return static_cast<size_t>(status.st_blocks) * 512;
  }
  uint64_t lost() const { return spool_->memory().lost.load(); }

  base::Fd fd_;
  std::unique_ptr<Spool> spool_;
  Spool::Chunk last_;
};

TEST_F(SpoolTest, lines_come_out_as_they_went_in) {
  put("one\n");
  put("two\n");
  EXPECT_TRUE(spool_->is_drained()) << "not committed yet";
  spool_->commit();
  EXPECT_FALSE(spool_->is_drained());
  EXPECT_EQ(take(), "one\ntwo\n");
  EXPECT_EQ(last_.lines, 2u);
  EXPECT_FALSE(spool_->is_drained()) << "taken, not written";
  write_out();
  EXPECT_TRUE(spool_->is_drained());
  EXPECT_EQ(spool_->pending(), 0u);
  EXPECT_EQ(spool_->memory().delivered.load(), 2u);
}

TEST_F(SpoolTest, takes_whole_lines_and_pieces_of_a_line_that_is_too_long) {
  put("aaaa\n");
  put("bbbbbbbbbbbb\n");
  spool_->commit();
  EXPECT_EQ(take(8), "aaaa\n");
  EXPECT_EQ(take(8), "bbbbbbbb");
  EXPECT_EQ(last_.lines, 0u);
  EXPECT_EQ(take(8), "bbbb\n");
  EXPECT_EQ(last_.lines, 1u);
}

TEST_F(SpoolTest, what_was_not_committed_is_forgotten_with_its_keeper) {
  put("committed\n");
  spool_->state().marks[3].read = 100;
  spool_->state().sequences[0] = 5;
  spool_->commit();
  put("lost with the keeper\n");
  spool_->state().marks[3].read = 200;
  reopen();
  EXPECT_EQ(spool_->found(), Spool::Found::kPredecessor);
  EXPECT_EQ(spool_->boot(), 77u);
  EXPECT_EQ(spool_->state().marks[3].read, 100u);
  EXPECT_EQ(spool_->state().sequences[0], 5u);
  EXPECT_EQ(take(), "committed\n");
  EXPECT_FALSE(spool_->owes_line_end());
}

TEST_F(SpoolTest, each_commit_counts_as_a_whole) {
  for (uint64_t i = 1; i <= 7; ++i) {
    put("x\n");
    spool_->state().marks[0].read = i;
    spool_->commit();
    reopen();
    EXPECT_EQ(spool_->state().fill, 2 * i);
    EXPECT_EQ(spool_->state().marks[0].read, i);
  }
}

TEST_F(SpoolTest, a_successor_writes_again_what_the_killed_write_had_in_hand) {
  put("one\ntwo\n");
  put("three\n");
  spool_->commit();
  EXPECT_EQ(take(4), "one\n");
  write_out();
  EXPECT_EQ(take(), "two\nthree\n");
  reopen();
  EXPECT_TRUE(spool_->owes_line_end());
  EXPECT_EQ(take(), "two\nthree\n");
  EXPECT_EQ(lost(), 0u);
}

TEST_F(SpoolTest, a_line_end_is_owed_until_it_is_paid) {
  put("one\n");
  spool_->commit();
  take();
  reopen();
  reopen();  // a successor that was killed before it wrote anything
  EXPECT_TRUE(spool_->owes_line_end());
  spool_->line_end_is_paid();
  reopen();
  EXPECT_FALSE(spool_->owes_line_end());
}

TEST_F(SpoolTest, what_was_delivered_is_known_although_its_count_was_not_reached) {
  put("one\n");
  put("two\n");
  put("three\n");
  spool_->commit();
  take(8);
  spool_->wrote(last_.end);  // and then killed
  reopen();
  EXPECT_EQ(spool_->memory().delivered.load(), 2u);
  EXPECT_EQ(spool_->pending(), 1u);
}

TEST_F(SpoolTest, goes_round_many_times_without_a_seam) {
  std::string line(100'003, 'x');
  line.back() = '\n';
  for (size_t i = 0; i < 3 * kSpoolDataBytes / line.size(); ++i) {
    line[0] = static_cast<char>('a' + i % 26);
    put(line);
    spool_->commit();
    ASSERT_EQ(take(line.size()), line);
    write_out();
  }
}

TEST_F(SpoolTest, shipping_has_more_room_where_there_is_memory_and_so_has_a_successor) {
  ASSERT_EQ(ftruncate(fd_.get(), kSpoolFileBytes), 0);
  ASSERT_TRUE(spool_->consume(Spool::Consumers::kShipping, kSpoolDataMax).ok());
  const std::string line = std::string(99'999, 'x') + "\n";
  size_t lines = 0;
  for (; spool_->room() >= line.size(); ++lines) put(line);
  spool_->commit();
  EXPECT_EQ(lines, kSpoolDataMax / line.size());
  reopen();
  ASSERT_TRUE(spool_->consume(Spool::Consumers::kShipping).ok());
  EXPECT_EQ(spool_->committed(), lines * line.size());
  for (size_t i = 0; i < lines; ++i)
    ASSERT_EQ(std::string_view(spool_->at(i * line.size()), line.size()), line) << i;
  spool_->set_ship_mark(lines * line.size(), Spool::Pages::kKept);
  EXPECT_EQ(spool_->room(), kSpoolDataMax);
}

TEST_F(SpoolTest, grows_when_the_small_part_is_full_and_shrinks_when_all_is_out) {
  const std::string line = std::string(99'999, 'x') + "\n";
  const auto fill = [&] {
    size_t lines = 0;
    for (; spool_->room() >= line.size(); ++lines) {
      put(std::to_string(lines) + line.substr(10));
      spool_->commit();
    }
    return lines;
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(spool_->room(), kSmallBytes);
    const size_t lines = fill();
    EXPECT_GE(lines, kSpoolDataBytes / line.size());
    // Reads the one part to its end, then the other, as a successor as well.
    size_t seen = 0;
    for (std::string taken; seen < lines; ++seen) {
      if (seen == lines / 2 || seen == 10) {
        write_out();
        reopen();
      }
      const std::string wanted = std::to_string(seen) + line.substr(10);
      ASSERT_EQ(take(wanted.size()), wanted) << seen;
      write_out();
    }
    EXPECT_TRUE(spool_->is_drained());
    EXPECT_EQ(spool_->memory().delivered.load(), (i + 1) * lines);
    spool_->trim();
  }
}

TEST_F(SpoolTest, a_keeper_that_fell_as_the_spool_grew_has_a_successor_that_goes_on) {
  const std::string line = std::string(999'999, 'x') + "\n";
  for (int i = 0; i < 3; ++i) put(line);
  spool_->commit();
  put(line);
  EXPECT_LE(spool_->room(), kSpoolDataBytes - 4 * line.size());  // it grows
  EXPECT_NE(spool_->memory().grown_at.load(), 0u);
  put(line);  // in the large part, and not committed
  reopen();
  EXPECT_EQ(spool_->memory().grown_at.load(), 0u);
  const std::string next = std::string(999'999, 'y') + "\n";
  put(next);
  spool_->commit();
  for (const std::string& each : {line, line, line, next}) {
    ASSERT_EQ(take(each.size()), each);
    write_out();
  }
}

TEST_F(SpoolTest, a_successor_that_ships_begins_at_its_mark_wherever_the_spool_grew) {
  ASSERT_EQ(ftruncate(fd_.get(), kSpoolFileBytes), 0);
  ASSERT_TRUE(spool_->consume(Spool::Consumers::kShipping, kSpoolDataMax).ok());
  const std::string line = std::string(999'999, 'x') + "\n";
  const auto put_one = [&] {
    put(line);
    spool_->commit();
  };
  // Each time it is killed: many times round in the small part, as it grows, far behind it.
  for (int i = 0; i < 60; ++i) {
    put_one();
    if (i < 12 || i > 20) {
      spool_->set_ship_mark(spool_->ship_mark() + line.size(), Spool::Pages::kKept);
    }
    const uint64_t mark = spool_->ship_mark(), fill = spool_->committed();
    reopen();
    ASSERT_TRUE(spool_->consume(Spool::Consumers::kShipping).ok());
    ASSERT_EQ(spool_->ship_mark(), mark) << i;
    ASSERT_EQ(spool_->committed(), fill) << i;
    for (uint64_t at = mark; at < fill; at += line.size())
      ASSERT_EQ(std::string_view(spool_->at(at), line.size()), line) << i;
  }
  EXPECT_NE(spool_->memory().grown_at.load(), 0u);
}

TEST_F(SpoolTest, pages_of_lines_that_are_shipped_are_given_back_where_that_is_asked_for) {
  ASSERT_EQ(ftruncate(fd_.get(), kSpoolFileBytes), 0);
  ASSERT_TRUE(spool_->consume(Spool::Consumers::kShipping, kSpoolDataBytes).ok());
  const auto pages = [&] {
    struct stat status;
    fstat(fd_.get(), &status);
    return status.st_blocks / 8;
  };
  const auto before = pages();
  // Twice round, by lines that end within a page: what is kept is never touched. Two lines are 489
  // pages; of each mark on the way round a page may stay that it stands in.
  const std::string line = std::string(999'999, 'x') + "\n";
  const size_t rounds = 3 * kSpoolDataBytes / line.size();
  for (size_t i = 0; i < rounds; ++i) {
    put(line);
    put(line);
    spool_->commit();
    const uint64_t first_end = spool_->committed() - line.size();
    spool_->set_ship_mark(first_end, Spool::Pages::kGivenBack);
    ASSERT_EQ(std::string_view(spool_->at(first_end), line.size()), line) << i;
    ASSERT_LE(pages() - before, 540) << i;
    spool_->set_ship_mark(spool_->committed(), Spool::Pages::kGivenBack);
  }
  put(line);
  spool_->commit();
  reopen();
  ASSERT_TRUE(spool_->consume(Spool::Consumers::kShipping).ok());
  EXPECT_EQ(std::string_view(spool_->at(spool_->ship_mark()), line.size()), line);
}

TEST_F(SpoolTest, what_stands_in_the_spool_stays_where_it_is_when_shipping_begins_late) {
  ASSERT_EQ(ftruncate(fd_.get(), kSpoolFileBytes), 0);
  put("one\n");
  spool_->commit();
  ASSERT_TRUE(spool_->consume(Spool::Consumers::kBoth, kSpoolDataMax).ok());
  EXPECT_EQ(spool_->data_bytes(), kSpoolDataMax);
  EXPECT_EQ(take(), "one\n");
}

TEST_F(SpoolTest, room_ends_where_unwritten_lines_begin) {
  const std::string line = std::string((1 << 20) - 1, 'x') + '\n';
  for (int i = 0; i < 8; ++i) put(line);
  spool_->commit();
  EXPECT_EQ(spool_->room(), 0u);
  take(line.size());
  EXPECT_EQ(spool_->room(), 0u);
  write_out();
  EXPECT_EQ(spool_->room(), line.size());
}

TEST_F(SpoolTest, the_oldest_lines_are_given_up_whole_and_counted) {
  for (int i = 0; i < 8; ++i) put(std::string((1 << 20) - 1, static_cast<char>('a' + i)) + '\n');
  spool_->commit();
  take(1 << 20);  // in the hands of a write() that hangs
  EXPECT_EQ(spool_->drop_oldest(1), 1u);
  EXPECT_EQ(lost(), 1u);
  EXPECT_EQ(spool_->room(), 2u << 20) << "the line in hand is a copy, so its place is free too";
  put(std::string((2 << 20) - 1, 'z') + '\n');
  spool_->commit();
  write_out();
  EXPECT_EQ(take(1 << 20)[0], 'c');
  EXPECT_EQ(spool_->drop_oldest(100u << 20), 6u);
  EXPECT_EQ(lost(), 7u);
}

TEST_F(SpoolTest, lines_in_hand_whose_place_was_given_up_are_lost_with_the_keeper) {
  for (int i = 0; i < 4; ++i) put("line\n");
  spool_->commit();
  EXPECT_EQ(take(10), "line\nline\n");
  EXPECT_EQ(spool_->drop_oldest(1), 1u);
  reopen();
  EXPECT_EQ(lost(), 3u);
  EXPECT_TRUE(spool_->owes_line_end());
  EXPECT_EQ(take(), "line\n");
}

TEST_F(SpoolTest, lines_taken_after_a_loss_are_not_lost) {
  for (int i = 0; i < 4; ++i) put("line\n");
  spool_->commit();
  EXPECT_EQ(take(5), "line\n");
  EXPECT_EQ(spool_->drop_oldest(1), 1u);
  write_out();
  EXPECT_EQ(take(5), "line\n");
  reopen();
  EXPECT_EQ(lost(), 1u);
  EXPECT_EQ(take(), "line\nline\n");
}

TEST_F(SpoolTest, a_lost_line_that_told_of_drops_counts_for_them) {
  const auto put_gap = [&](uint64_t calls) {
    memcpy(spool_->draft(), "gap\n", 4);
    spool_->add_gap(4, calls);
  };
  put("line\n");
  put_gap(100);
  put("line\n");
  put_gap(1000);
  put("line\n");
  spool_->commit();
  EXPECT_EQ(take(5), "line\n");
  EXPECT_EQ(last_.calls, 1u);
  write_out();
  EXPECT_EQ(spool_->drop_oldest(1), 100u);
  EXPECT_EQ(take(9), "line\ngap\n");
  EXPECT_EQ(last_.calls, 1001u);
  EXPECT_EQ(spool_->drop_oldest(1), 1u) << "the line behind the one in hand";
  reopen();
  EXPECT_EQ(lost(), 100u + 1 + 1001) << "with the keeper the lines in hand are lost, too";
  EXPECT_EQ(spool_->pending(), 0u);
}

TEST_F(SpoolTest, no_more_gaps_wait_than_can_be_known) {
  size_t gaps = 0;
  for (; spool_->room() > 0; ++gaps) {
    memcpy(spool_->draft(), "gap\n", 4);
    spool_->add_gap(4, 2);
  }
  EXPECT_EQ(gaps, kGapsMax);
  spool_->commit();
  EXPECT_EQ(take(4), "gap\n");
  EXPECT_EQ(spool_->room(), 0u);
  write_out();
  EXPECT_GT(spool_->room(), 0u);
  EXPECT_EQ(spool_->drop_oldest(kSpoolDataBytes), 2 * (kGapsMax - 1));
}

TEST_F(SpoolTest, gives_memory_back_when_all_is_out) {
  put(std::string(3 << 20, 'x') + '\n');
  spool_->commit();
  spool_->trim();
  EXPECT_GT(resident(), 3u << 20) << "not before";
  take(4 << 20);
  write_out();
  spool_->trim();
  EXPECT_LT(resident(), 100u << 10);
  put("after\n");
  spool_->commit();
  EXPECT_EQ(take(), "after\n");
}

TEST_F(SpoolTest, pages_come_ahead_of_the_lines_and_a_few_lines_cost_few) {
  const std::string line = std::string(199, 'x') + '\n';
  for (int lap = 0; lap < 2; ++lap) {
    const size_t before = resident();
    put(line);
    const size_t first = resident() - before;
    EXPECT_GE(first, 16u << 10) << "more than its own page";
    EXPECT_LE(first, 24u << 10);
    for (size_t written = line.size(); written < 4u << 20; written += line.size()) {
      put(line);
      const size_t ahead = resident() - before - written;
      ASSERT_LE(ahead, 530u << 10) << written;  // of both parts
    }
    // Asked for in large pieces by now: those of the last 64 KB were there before it was written.
    const size_t now = resident();
    size_t unchanged = 0;
    while (resident() == now && unchanged < 1u << 20) {
      put(line);
      unchanged += line.size();
    }
    EXPECT_LE(unchanged, 260u << 10) << "it goes on";
    const size_t step = resident() - now;
    EXPECT_GE(step, 256u << 10);
    spool_->commit();
    while (!spool_->is_drained()) {
      take(1 << 20);
      write_out();
    }
    spool_->trim();
    EXPECT_LT(resident(), 100u << 10);
  }
}

TEST_F(SpoolTest, a_waiting_output_is_woken_by_a_commit_and_by_the_end) {
  std::string seen;
  std::thread output([&] {
    char bytes[100];
    for (;;) {
      const Spool::Chunk chunk = spool_->take(bytes, sizeof(bytes));
      if (chunk.bytes == 0) return;
      seen.append(bytes, chunk.bytes);
      spool_->wrote(chunk.end);
    }
  });
  put("hello\n");
  spool_->commit();
  while (!spool_->is_drained()) std::this_thread::yield();
  spool_->stop();
  output.join();
  EXPECT_EQ(seen, "hello\n");
}

TEST_F(SpoolTest, scribbled_marks_are_survived) {
  put("x\n");
  spool_->commit();
  SpoolMemory& memory = spool_->memory();
  memory.written.store(1ull << 60);
  reopen();
  EXPECT_TRUE(spool_->is_drained());
  EXPECT_EQ(spool_->room(), kSmallBytes);
  put("y\n");
  spool_->commit();
  EXPECT_EQ(take(), "y\n");
}

TEST(Spool, needs_a_file_that_is_large_enough_or_makes_its_own) {
  const base::Fd small(memfd_create("spool", MFD_CLOEXEC));
  EXPECT_FALSE(Spool::open(small.get(), 1).ok());
  auto own = Spool::open(-1, 1);
  ASSERT_TRUE(own.ok());
  EXPECT_EQ((*own)->found(), Spool::Found::kNothing);
}

TEST(Spool, has_room_for_the_longest_entry) {
  render::MadeRecord made;
  render::Decoder decoder(render::Image::of_program());
  std::string format;
  for (int i = 0; i < 30; ++i) format += "{f" + std::to_string(i) + ":\xf0\x9f\x99\x82^1024.1024f}";
  format += "{text}" + std::string(render::kConstantTextMax - format.size() - 6, '\x01');
  const std::string file(render::kConstantTextMax, '\x01');
  made.begin(2, format, {file, 1});
  for (int i = 0; i < 30; ++i) made.add(internal::ArgumentType::kDouble, 0);
  made.add(std::string(internal::kRecordBytesMax, '\x01'));
  EXPECT_LE(render::bytes_max(decoder.decode(made.finish(), 0)), kEntryBytesMax);
}

}  // namespace
}  // namespace outrigger::keeper
