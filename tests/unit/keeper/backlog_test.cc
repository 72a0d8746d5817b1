#include "keeper/backlog.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "base/mapping.h"
#include "lines_for_shipping.h"

namespace outrigger::keeper {
namespace {

class BacklogTest : public testing::Test {
 protected:
  BacklogTest() { reopen(kCells * kCellBytes); }
  void reopen(size_t bytes_max, uint64_t mark = 0) {
    backlog_ = std::make_unique<Backlog>(memory(), cells(), bytes_max,
                                         [this](size_t, size_t bytes) { given_back_ += bytes; });
    backlog_->resume(mark);
  }
  ShipMemory& memory() { return *reinterpret_cast<ShipMemory*>(mapping_.data()); }
  char* cells() { return mapping_.bytes() + kShipHeadBytes; }
  std::vector<uint32_t> put(std::string_view lines, uint64_t begin,
                            Backlog::Kind kind = Backlog::Kind::kByLevel) {
    return backlog_->put(lines, begin, begin + lines.size(), kind, pushed_out_, not_kept_);
  }
  std::string batch() {
    std::string lines;
    for (const uint32_t block : backlog_->next_batch({}, lines)) backlog_->free(block);
    return lines;
  }
  // Lines that do not compress.
  static std::string noise(size_t lines, std::string_view level) {
    std::string text;
    uint64_t state = 88172645463325252;
    for (size_t i = 0; i < lines; ++i) {
      std::string message;
      for (int j = 0; j < 1000; ++j) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        message += "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[state & 63];
      }
      text += line_at(kNoonMs, i, message, level);
    }
    return text;
  }

  base::Mapping mapping_{mmap(nullptr, kShipHeadBytes + kCells * kCellBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                         kShipHeadBytes + kCells* kCellBytes};
  std::unique_ptr<Backlog> backlog_;
  Tally pushed_out_, not_kept_;
  size_t given_back_ = 0;
};

TEST_F(BacklogTest, lines_come_back_level_by_level_in_their_order) {
  const std::string one = line_at(kNoonMs, 0), two = line_at(kNoonMs, 1, "bad", "ERROR"),
                    three = line_at(kNoonMs, 2);
  put(one + two + three, 0);
  EXPECT_FALSE(backlog_->empty());
  std::string all = batch();
  all += "|" + batch();
  EXPECT_TRUE(all == one + three + "|" + two || all == two + "|" + one + three) << all;
  EXPECT_TRUE(backlog_->empty());
  EXPECT_EQ(backlog_->used_bytes(), 0u);
  EXPECT_GT(given_back_, 0u);
}

TEST_F(BacklogTest, small_blocks_make_one_batch_and_an_attempted_one_goes_alone) {
  put(line_at(kNoonMs, 0), 0, Backlog::Kind::kAttempted);
  put(line_at(kNoonMs, 1), 1000);
  put(line_at(kNoonMs, 2), 2000);
  EXPECT_EQ(batch(), line_at(kNoonMs, 0));
  EXPECT_EQ(batch(), line_at(kNoonMs, 1) + line_at(kNoonMs, 2));
}

TEST_F(BacklogTest, the_oldest_of_the_lowest_level_goes_first_and_is_counted) {
  reopen(1 << 20);
  const std::string debug = noise(300, "DEBUG"), info = noise(300, "INFO"),
                    error = noise(300, "ERROR");
  put(info, 0);
  put(debug, 10);
  put(error, 20);  // 300 kB compressed to some 230 kB each
  EXPECT_EQ(pushed_out_.lines, 0u);
  put(error, 30);
  EXPECT_EQ(pushed_out_.lines, 0u);
  put(error, 40);
  EXPECT_EQ(pushed_out_.calls[1], 300u);
  EXPECT_EQ(pushed_out_.calls[2], 0u);
  put(error, 50);
  EXPECT_EQ(pushed_out_.calls[2], 300u);
  EXPECT_EQ(pushed_out_.calls[4], 0u);
  put(info, 60);
  EXPECT_EQ(not_kept_.calls[2], 300u) << "INFO does not push ERROR out";
  put(error, 70);
  EXPECT_EQ(pushed_out_.calls[4], 300u);
  EXPECT_EQ(backlog_->block(backlog_->all().front()).begin, 30u) << "the oldest";
  EXPECT_LE(backlog_->used_bytes(), 1u << 20);
}

TEST_F(BacklogTest, what_is_being_sent_is_not_given_up) {
  reopen(512 << 10);
  const auto first = put(noise(300, "INFO"), 0);
  backlog_->set_busy(first[0], true);
  put(noise(300, "INFO"), 10);
  put(noise(300, "INFO"), 20);
  EXPECT_EQ(pushed_out_.lines, 300u);
  EXPECT_EQ(backlog_->block(first[0]).used.load(), 1u);
}

TEST_F(BacklogTest, a_successor_finds_what_lies_below_the_mark) {
  const std::string one = line_at(kNoonMs, 0), two = line_at(kNoonMs, 1);
  put(one, 0);
  put(two, 1000);
  reopen(kCells * kCellBytes, one.size());  // died before the mark reached the second one's end
  EXPECT_EQ(batch(), one);
  EXPECT_TRUE(backlog_->empty());
  put(two, 1000);
  EXPECT_EQ(batch(), two);
}

TEST_F(BacklogTest, a_table_full_of_blocks_is_a_bound_too) {
  for (size_t i = 0; i < kBlocksMax + 10; ++i) put(line_at(kNoonMs, i), i * 1000);
  EXPECT_EQ(pushed_out_.lines, 10u);
  EXPECT_EQ(backlog_->all().size(), kBlocksMax);
}

}  // namespace
}  // namespace outrigger::keeper
