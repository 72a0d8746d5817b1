#include "keeper/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <string>

#include "base/fd.h"
#include "crew.h"

namespace outrigger::keeper {
namespace {

std::shared_ptr<Spool> fresh_spool() {
  auto opened = Spool::open(-1, 1);
  return opened.ok() ? std::shared_ptr<Spool>(std::move(*opened)) : nullptr;
}

void put(Spool& spool, std::string_view line) {
  memcpy(spool.draft(), line.data(), line.size());
  spool.add(line.size());
  spool.commit();
}

struct Pipe {
  base::Fd read_end;
  base::Fd write_end;
  explicit Pipe(int flags = 0) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC | flags), 0);
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  std::string read_some() {
    char bytes[70'000];
    const ssize_t got = read(read_end.get(), bytes, sizeof(bytes));
    return {bytes, got > 0 ? static_cast<size_t>(got) : 0};
  }
};

TEST(Output, writes_what_is_committed) {
  auto spool = fresh_spool();
  Pipe pipe;
  Output output(spool, pipe.write_end.get(), "tested");
  put(*spool, "hello\n");
  EXPECT_EQ(pipe.read_some(), "hello\n");
  EXPECT_TRUE(eventually([&] { return spool->is_drained(); }));
  EXPECT_EQ(spool->memory().delivered.load(), 1u);
  EXPECT_FALSE(output.closed());
}

TEST(Output, a_closed_pipe_takes_everything_and_it_counts_as_lost) {
  auto spool = fresh_spool();
  Pipe pipe;
  pipe.read_end.reset();
  Output output(spool, pipe.write_end.get(), "tested");
  for (int i = 0; i < 1000; ++i) put(*spool, "hello\n");
  EXPECT_TRUE(eventually([&] { return spool->is_drained(); }));
  EXPECT_TRUE(output.closed());
  EXPECT_EQ(output.last_error(), "Broken pipe");
  EXPECT_EQ(spool->memory().lost.load(), 1000u);
  EXPECT_EQ(spool->memory().delivered.load(), 0u);
}

TEST(Output, a_descriptor_that_cannot_be_written_is_closed) {
  for (const int flags : {O_RDONLY, -1}) {
    auto spool = fresh_spool();
    const base::Fd fd(flags < 0 ? -1 : open("/dev/null", flags | O_CLOEXEC));
    Output output(spool, fd.get(), "tested");
    put(*spool, "hello\n");
    EXPECT_TRUE(eventually([&] { return spool->is_drained(); }));
    EXPECT_TRUE(output.closed());
    EXPECT_EQ(spool->memory().lost.load(), 1u);
  }
}

TEST(Output, a_full_device_loses_lines_but_is_tried_again) {
  auto spool = fresh_spool();
  const base::Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  Output output(spool, full.get(), "tested");
  for (int i = 0; i < 10; ++i) put(*spool, "hello\n");
  EXPECT_TRUE(eventually([&] { return spool->is_drained(); }));
  EXPECT_FALSE(output.closed());
  EXPECT_EQ(output.last_error(), "No space left on device");
  EXPECT_EQ(spool->memory().lost.load(), 10u);
}

TEST(Output, a_pipe_that_does_not_block_is_waited_for) {
  auto spool = fresh_spool();
  Pipe pipe(O_NONBLOCK);
  fcntl(pipe.read_end.get(), F_SETFL, 0);
  Output output(spool, pipe.write_end.get(), "tested");
  const std::string line = std::string(999, 'x') + '\n';
  for (int i = 0; i < 500; ++i) put(*spool, line);
  std::string seen;
  while (seen.size() < 500 * line.size()) seen += pipe.read_some();
  EXPECT_TRUE(eventually([&] { return spool->is_drained(); }));
  EXPECT_EQ(spool->memory().delivered.load(), 500u);
}

TEST(Output, a_stall_is_seen_and_ends_with_the_next_write) {
  auto spool = fresh_spool();
  Pipe pipe;
  Output output(spool, pipe.write_end.get(), "tested");
  EXPECT_EQ(output.stalled_ns(base::monotonic_ns()), 0);
  const std::string line = std::string(999, 'x') + '\n';
  for (int i = 0; i < 200; ++i) put(*spool, line);
  EXPECT_TRUE(
      eventually([&] { return output.stalled_ns(base::monotonic_ns()) > 20 * base::kNsPerMs; }));
  std::string seen;
  while (seen.size() < 200 * line.size()) seen += pipe.read_some();
  EXPECT_TRUE(eventually([&] { return output.stalled_ns(base::monotonic_ns()) == 0; }));
}

TEST(Output, only_whole_lines_count_as_written) {
  auto spool = fresh_spool();
  Pipe pipe(O_NONBLOCK);  // so that a write() may be cut short
  fcntl(pipe.read_end.get(), F_SETFL, 0);
  fcntl(pipe.write_end.get(), F_SETPIPE_SZ, 4096);
  const std::string line = std::string(2999, 'x') + '\n';
  for (int i = 0; i < 10; ++i) put(*spool, line);
  Output output(spool, pipe.write_end.get(), "tested");
  std::string seen;
  for (int page = 1; seen.size() < 10 * line.size(); ++page) {
    const uint64_t whole = std::min<uint64_t>(page * 4096 / line.size(), 10) * line.size();
    EXPECT_TRUE(eventually([&] { return spool->memory().written.load() == whole; })) << page;
    seen += pipe.read_some();
  }
  EXPECT_TRUE(eventually([&] { return spool->is_drained(); }));
}

TEST(Output, one_that_is_stuck_is_left_behind) {
  auto spool = fresh_spool();
  static Pipe pipe;  // outlives the thread that is left behind
  {
    Output output(spool, pipe.write_end.get(), "tested");
    const std::string line = std::string(999, 'x') + '\n';
    for (int i = 0; i < 200; ++i) put(*spool, line);
    EXPECT_TRUE(eventually([&] { return output.stalled_ns(base::monotonic_ns()) > 0; }));
  }
  EXPECT_FALSE(spool->is_drained());
  // Lets it end.
  std::string seen;
  while (seen.size() < 200'000) seen += pipe.read_some();
  EXPECT_TRUE(eventually([&] { return spool.use_count() == 1; }));
}

}  // namespace
}  // namespace outrigger::keeper
