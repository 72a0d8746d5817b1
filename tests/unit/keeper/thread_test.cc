// The keeper as a thread: --in-process, and commands.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <thread>

#include "crew.h"
#include "keeper/main.h"
#include "log/attach.h"
#include "outrigger/log.h"
#include "segment/mapping.h"

namespace outrigger::keeper {
namespace {

// stderr of this process goes to a file in memory for a while.
class Stderr {
 public:
  Stderr() : file_(memfd_create("stderr", MFD_CLOEXEC)), before_(dup(2)) {
    fcntl(file_.get(), F_SETFL, O_APPEND);
    dup2(file_.get(), 2);
  }
  ~Stderr() { dup2(before_.get(), 2); }
  std::string text() const {
    std::string all(1 << 22, '\0');
    const ssize_t got = pread(file_.get(), all.data(), all.size(), 0);
    all.resize(static_cast<size_t>(got));
    return all;
  }

 private:
  base::Fd file_;
  base::Fd before_;
};

class ThreadTest : public testing::Test {
 protected:
  ThreadTest() {
    char why[200];
    segment_.reset(segment::create(why, sizeof(why)));
    view_ = segment::View(segment::map(segment_.get()));
    log::attach(view_.base());
    bell_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    card_.segment = segment_.get();
    card_.keeper_bell = bell_.get();
  }
  ~ThreadTest() override {
    log::detach();
    munmap(view_.base(), segment::kBytes);
  }
  void declare(std::string_view json) {
    char* const blob = reinterpret_cast<char*>(&view_.declarations());
    memcpy(blob + segment::kBlobDataAt, json.data(), json.size());
    view_.declarations().length = static_cast<uint32_t>(json.size());
  }

  base::Fd segment_;
  base::Fd bell_;
  segment::View view_;
  segment::RoleCard card_{0, segment::Role::kService,         -1, -1, -1, -1, -1, -1, -1, -1, -1, 0,
                          0, {-1, -1, -1, -1, -1, -1, -1, -1}};
};

TEST_F(ThreadTest, all_that_was_logged_is_out_when_it_is_gone) {
  declare(R"({"service":"tested","kind":"local","logs":"stderr-text"})");
  Stderr captured;
  for (int round = 0; round < 20; ++round) {
    auto keeper = start_thread(card_, false);
    ASSERT_TRUE(keeper.ok());
    for (int i = 0; i < 100; ++i) log::info("round {} line {}", round, i);
  }
  const auto lines = lines_of(captured.text());
  EXPECT_EQ(lines.size(), 2000u);
  EXPECT_NE(lines.back().find("INFO  round 19 line 99 (thread_test.cc:"), std::string::npos)
      << lines.back();
}

TEST_F(ThreadTest, an_end_is_not_held_up_by_threads_that_go_on_logging) {
  declare(R"({"service":"tested","kind":"local","logs":"stderr-text"})");
  Stderr captured;
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop.load()) {
      log::info("busy");
      usleep(50);
    }
  });
  {
    auto keeper = start_thread(card_, false);
    ASSERT_TRUE(keeper.ok());
    usleep(50'000);
  }
  stop = true;
  busy.join();
  EXPECT_NE(captured.text().find("busy"), std::string::npos);
}

TEST_F(ThreadTest, a_port_that_cannot_be_had_is_the_callers_to_report) {
  declare(R"({"service":"tested","kind":"local","logs":"stderr-text","admin":"192.0.2.1:1"})");
  const auto keeper = start_thread(card_, true);
  ASSERT_FALSE(keeper.ok());
  EXPECT_NE(keeper.error().message.find("192.0.2.1:1"), std::string::npos)
      << keeper.error().message;
}

TEST_F(ThreadTest, the_port_is_open_when_it_has_started) {
  declare(R"({"service":"tested","kind":"local","logs":"stderr-text","admin":"127.0.0.1:0"})");
  Stderr captured;
  const auto keeper = start_thread(card_, true);
  ASSERT_TRUE(keeper.ok());
  EXPECT_TRUE(captured.text().starts_with("tested: admin on http://127.0.0.1:")) << captured.text();
}

TEST_F(ThreadTest, without_a_segment_there_is_none) {
  card_.segment = bell_.get();
  EXPECT_FALSE(start_thread(card_, false).ok());
}

}  // namespace
}  // namespace outrigger::keeper
