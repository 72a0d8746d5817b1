#include "keeper/capture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string_view>

#include "drained.h"

namespace outrigger::keeper {
namespace {

constexpr int64_t kNow = 1'000'000'000'000;
using Flush = Capture::Flush;

class CaptureTest : public testing::Test {
 protected:
  CaptureTest() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  }
  void print(std::string_view text) {
    ASSERT_EQ(write(write_end_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::vector<std::string> messages() {
    std::vector<std::string> found;
    for (const std::string& line : d_.lines()) found.push_back(field_of(line, "message"));
    return found;
  }
  using Messages = std::vector<std::string>;

  Drained d_;
  base::Fd read_end_, write_end_;
};

TEST_F(CaptureTest, each_line_is_an_entry) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kNo, kNow));
  print("hello\nsecond line\r\n\nfourth\n");
  EXPECT_TRUE(capture.turn(*d_.drain, Flush::kNo, kNow));
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kNo, kNow));
  const auto lines = d_.lines();
  ASSERT_EQ(lines.size(), 3u) << "empty lines say nothing";
  EXPECT_EQ(field_of(lines[0], "message"), "hello");
  EXPECT_EQ(field_of(lines[0], "level"), "INFO");
  EXPECT_EQ(field_of(lines[0], "thread"), "stdout");
  EXPECT_EQ(field_of(lines[0], "ring"), "stdout.0");
  EXPECT_EQ(field_of(lines[1], "message"), "second line");
  EXPECT_EQ(field_of(lines[2], "seq"), "2");
}

TEST_F(CaptureTest, stderr_warns_and_glog_prefixes_are_understood) {
  Capture capture(read_end_.get(), OwnSource::kStderr);
  print("plain {braces}\nE1124 01:42:32.123456 12345 disk.cc:41] disk is full\n");
  capture.turn(*d_.drain, Flush::kNo, kNow);
  const auto lines = d_.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(field_of(lines[0], "level"), "WARN");
  EXPECT_EQ(field_of(lines[0], "message"), "plain {braces}");
  EXPECT_EQ(field_of(lines[1], "level"), "ERROR");
  EXPECT_EQ(field_of(lines[1], "message"), "disk is full");
  EXPECT_EQ(field_of(lines[1], "source"), "disk.cc:41");
}

TEST_F(CaptureTest, an_unfinished_line_waits_a_second_for_its_end) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  print("whole\nunfin");
  EXPECT_TRUE(capture.turn(*d_.drain, Flush::kNo, kNow));
  EXPECT_EQ(messages(), Messages{"whole"});
  EXPECT_TRUE(capture.has_partial());
  EXPECT_EQ(capture.poll_fd(), -1) << "poll() would return at once";
  print("ished");
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kNo, kNow + 10));
  print(" line\nnext");
  EXPECT_TRUE(capture.turn(*d_.drain, Flush::kNo, kNow + 20));
  EXPECT_EQ(messages(), Messages{"unfinished line"});
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kNo, kNow + 20 + Capture::kPartialNs / 2));
  EXPECT_TRUE(capture.turn(*d_.drain, Flush::kNo, kNow + 20 + Capture::kPartialNs));
  EXPECT_EQ(messages(), Messages{"next"});
  EXPECT_FALSE(capture.has_partial());
  EXPECT_EQ(capture.poll_fd(), read_end_.get());
}

TEST_F(CaptureTest, the_end_takes_what_there_is) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  print("last words");
  EXPECT_TRUE(capture.turn(*d_.drain, Flush::kPartialLines, kNow));
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kPartialLines, kNow));
  EXPECT_EQ(messages(), Messages{"last words"});
}

TEST_F(CaptureTest, after_the_end_others_may_go_on_printing) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  print("one\ntwo");
  capture.end();
  print("by a grandchild\nfor ever\n");
  EXPECT_TRUE(capture.turn(*d_.drain, Flush::kPartialLines, kNow));
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kPartialLines, kNow));
  EXPECT_EQ(messages(), (Messages{"one", "two"}));
}

TEST_F(CaptureTest, says_when_the_pipe_fills) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  EXPECT_FALSE(capture.is_filling());
  const std::string line = std::string(9'999, 'x') + '\n';
  for (int i = 0; i < 60; ++i) print(line);
  EXPECT_TRUE(capture.is_filling());
  while (capture.turn(*d_.drain, Flush::kNo, kNow)) {
  }
  EXPECT_FALSE(capture.is_filling());
}

TEST_F(CaptureTest, long_lines_come_in_pieces_and_lose_nothing) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  std::string line;
  for (int i = 0; line.size() < 300'000; ++i) line += std::to_string(i) + " ";
  print(line + "\nshort\n");
  while (capture.turn(*d_.drain, Flush::kNo, kNow)) {
  }
  const Messages found = messages();
  std::string joined;
  for (size_t i = 0; i + 1 < found.size(); ++i) joined += found[i];
  EXPECT_EQ(joined, line);
  EXPECT_EQ(found.back(), "short");
}

TEST_F(CaptureTest, many_tiny_writes) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  for (int i = 0; i < 3000; ++i) print("n\n");
  size_t count = 0;
  while (capture.turn(*d_.drain, Flush::kNo, kNow)) count += messages().size();
  EXPECT_EQ(count, 3000u);
}

TEST_F(CaptureTest, what_is_not_yet_safe_stays_in_the_pipe) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  // Without room for an entry nothing is taken.
  const std::string big((1 << 20) - 1, 'x');
  while (d_.drain->has_room()) {
    memcpy(d_.spool->draft(), big.data(), big.size());
    d_.spool->add(big.size());
    d_.spool->commit();
  }
  print("patient\n");
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kNo, kNow));
  d_.lines();
  EXPECT_TRUE(capture.turn(*d_.drain, Flush::kNo, kNow));
  EXPECT_EQ(messages(), Messages{"patient"});
}

TEST_F(CaptureTest, a_pipe_without_writers_is_not_looked_at_again) {
  Capture capture(read_end_.get(), OwnSource::kStdout);
  print("bye\n");
  write_end_.reset();
  EXPECT_TRUE(capture.turn(*d_.drain, Flush::kNo, kNow));
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kNo, kNow));
  EXPECT_EQ(capture.poll_fd(), -1);
  EXPECT_EQ(messages(), Messages{"bye"});
}

TEST_F(CaptureTest, without_a_pipe_there_is_nothing) {
  Capture capture(-1, OwnSource::kStdout);
  EXPECT_FALSE(capture.turn(*d_.drain, Flush::kPartialLines, kNow));
  EXPECT_EQ(capture.poll_fd(), -1);
}

}  // namespace
}  // namespace outrigger::keeper
