// The small helpers of src/base.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mapping.h"
#include "base/text.h"

namespace outrigger::base {
namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(Clock, ticks_and_monotonic_time_go_forward) {
  const uint64_t ticks_before = ticks();
  const int64_t ns_before = monotonic_ns();
  while (monotonic_ns() < ns_before + 100'000) {
  }
  EXPECT_GT(ticks(), ticks_before);
  EXPECT_GT(monotonic_ns(), ns_before);
}

TEST(Clock, real_time_counts_from_1970) { EXPECT_GT(real_ns(), 1'600'000'000 * kNsPerSecond); }

TEST(FdTest, closes_at_the_end_of_its_scope_and_once) {
  int number = -1;
  {
    Fd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = first.get();
    ASSERT_TRUE(first);
    Fd second(std::move(first));
    EXPECT_FALSE(first);
    EXPECT_TRUE(is_open(number));
    first = std::move(second);
    EXPECT_EQ(first.get(), number);
  }
  EXPECT_FALSE(is_open(number));
}

TEST(FdTest, released_descriptor_stays_open) {
  Fd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = fd.release();
  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(number));
  close(number);
}

TEST(FdTest, failed_open_is_empty) {
  Fd fd(open("/nonexistent", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(fd);
}

TEST(MappingTest, shared_mapping_writes_through) {
  Fd memory(memfd_create("test", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(memory.get(), 4096), 0);
  Mapping mapping = Mapping::shared(memory.get(), 4096);
  ASSERT_TRUE(mapping);
  mapping.bytes()[7] = 'x';
  char seen = 0;
  ASSERT_EQ(pread(memory.get(), &seen, 1, 7), 1);
  EXPECT_EQ(seen, 'x');
  Mapping moved = std::move(mapping);
  EXPECT_FALSE(mapping);
  EXPECT_EQ(moved.size(), 4096u);
}

TEST(MappingTest, failure_is_empty) {
  EXPECT_FALSE(Mapping::shared(-1, 4096));
  Fd memory(memfd_create("empty", MFD_CLOEXEC));
  EXPECT_FALSE(Mapping::whole_file(memory.get()));
}

TEST(Text, decimals_of_all_widths) {
  EXPECT_EQ(Decimal(0).view(), "0");
  EXPECT_EQ(Decimal(-1).view(), "-1");
  EXPECT_EQ(Decimal(std::numeric_limits<int64_t>::min()).view(), "-9223372036854775808");
  EXPECT_EQ(Decimal(std::numeric_limits<uint64_t>::max()).view(), "18446744073709551615");
  EXPECT_EQ(Decimal(uint8_t{200}).view(), "200");
}

TEST(Text, fixed_text_cuts_and_stays_terminated) {
  FixedText<8> text;
  text.add("abc").add(12).add('-').add("defghij");
  EXPECT_EQ(text.view(), "abc12-de");
  EXPECT_EQ(text.c_str()[8], '\0');
  EXPECT_EQ(text.add("more").view(), "abc12-de");
}

TEST(Text, base_name_of_paths) {
  EXPECT_EQ(base_name("/usr/bin/prober"), "prober");
  EXPECT_EQ(base_name("prober"), "prober");
  EXPECT_EQ(base_name(""), "outrigger");
  EXPECT_EQ(base_name(nullptr), "outrigger");
}

std::string written_by(const std::string& piece) {
  Fd memory(memfd_create("line", MFD_CLOEXEC));
  errno = EDOM;
  write_line(memory.get(), piece, ": ", 42);
  EXPECT_EQ(errno, EDOM);
  std::string read_back(4096, '\0');
  read_back.resize(static_cast<size_t>(pread(memory.get(), read_back.data(), read_back.size(), 0)));
  return read_back;
}

TEST(Text, write_line_ends_in_a_line_feed_and_keeps_errno) {
  EXPECT_EQ(written_by("answer"), "answer: 42\n");
}

TEST(Text, overlong_line_is_cut_but_still_ends_in_a_line_feed) {
  const std::string line = written_by(std::string(3000, 'x'));
  EXPECT_EQ(line.size(), kLineBytesMax + 1);
  EXPECT_EQ(line.back(), '\n');
}

TEST(Text, writing_to_a_closed_descriptor_fails_quietly) {
  EXPECT_EQ(write_all(-1, "lost"), WriteEnd::kFailed);
}

}  // namespace
}  // namespace outrigger::base
