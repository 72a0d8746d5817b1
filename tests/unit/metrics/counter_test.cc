#include "outrigger/metrics.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "metrics/table.h"
#include "segment/mapping.h"

namespace outrigger::metrics {
namespace {

class CounterTest : public testing::Test {
 protected:
  void SetUp() override {
    char why[200];
    const int fd = segment::create(why, sizeof why);
    ASSERT_GE(fd, 0) << why;
    view_ = segment::View(segment::map(fd));
    close(fd);
    ASSERT_TRUE(view_);
    attach(view_);
  }
  // The mapping stays: handles may outlive the test, as they may outlive main().
  void TearDown() override { attach(segment::View()); }

  segment::View view_;
};

TEST(CounterWithoutSegment, counts_in_memory_of_its_own) {
  const Counter counter = metrics::counter("Alone");
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
  EXPECT_EQ(metrics::counter("Alone").value(), 42u) << "one name, one counter";
}

TEST_F(CounterTest, has_a_named_slot_in_the_segment) {
  const Counter counter = metrics::counter("Greetings", {.help = "People greeted"});
  counter.add(3);
  const segment::MetricTable& table = view_.metrics();
  ASSERT_EQ(table.used.load(), 1u);
  EXPECT_EQ(table.slots[0].ready.load(), 1u);
  EXPECT_STREQ(table.slots[0].name, "Greetings");
  EXPECT_STREQ(table.slots[0].help, "People greeted");
  EXPECT_EQ(table.slots[0].value.load(), 3u);
}

TEST_F(CounterTest, the_same_name_is_the_same_slot) {
  metrics::counter("Twice").add(1);
  metrics::counter("Twice").add(1);
  EXPECT_EQ(view_.metrics().used.load(), 1u);
  EXPECT_EQ(view_.metrics().slots[0].value.load(), 2u);
}

TEST_F(CounterTest, a_bad_name_works_but_is_not_published) {
  for (const std::string& name : {std::string(), std::string(64, 'x'), std::string(":colon"),
                                  std::string("a\nb"), std::string("\xc3\xa9t\xc3\xa9")}) {
    const Counter counter = metrics::counter(name);
    counter.add();
    EXPECT_EQ(counter.value(), 1u) << name;
  }
  EXPECT_EQ(view_.metrics().used.load(), 0u);
}

TEST_F(CounterTest, beyond_the_last_slot_counts_unpublished) {
  for (size_t i = 0; i < segment::kMetrics; ++i) metrics::counter("C" + std::to_string(i)).add();
  const Counter late = metrics::counter("OneTooMany");
  late.add(7);
  EXPECT_EQ(late.value(), 7u);
  EXPECT_EQ(view_.metrics().used.load(), segment::kMetrics);
  EXPECT_STREQ(view_.metrics().slots[segment::kMetrics - 1].name, "C8191");
}

TEST_F(CounterTest, a_long_help_is_cut) {
  metrics::counter("Long", {.help = std::string(500, 'h')});
  EXPECT_EQ(std::string(view_.metrics().slots[0].help), std::string(111, 'h'));
}

TEST_F(CounterTest, threads_lose_nothing) {
  const Counter counter = metrics::counter("Parallel");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) counter.add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000u);
}

TEST_F(CounterTest, a_forked_child_adds_nothing_and_lives) {
  const Counter counter = metrics::counter("Forked");
  counter.add();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    counter.add(100);
    metrics::counter("MadeInChild").add();
    _exit(counter.value() == 0 ? 7 : 8);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(counter.value(), 1u);
  EXPECT_EQ(view_.metrics().used.load(), 1u);
}

}  // namespace
}  // namespace outrigger::metrics
