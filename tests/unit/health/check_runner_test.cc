#include "health/runner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "segment/mapping.h"

namespace outrigger::health {
namespace {

using segment::CheckStatus;
using std::chrono::milliseconds;

// A gate for a check that hangs: opened at the end of the test, so that its thread ends too.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

class CheckRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    char why[200];
    const int fd = segment::create(why, sizeof why);
    ASSERT_GE(fd, 0) << why;
    view_ = segment::View(segment::map(fd));
    close(fd);
    ASSERT_TRUE(view_);
  }

  segment::HealthSlot& slot(size_t i) { return view_.health().slots[i]; }
  uint32_t status(size_t i) { return std::atomic_ref(slot(i).status).load(); }
  int64_t started_ns(size_t i) { return std::atomic_ref(slot(i).started_ns).load(); }

  // A copy taken as the keeper takes it: under the seqlock.
  std::string output(size_t i) {
    for (;;) {
      const uint32_t before = slot(i).version.load(std::memory_order_acquire);
      char copy[sizeof slot(i).output];
      for (size_t at = 0; at < sizeof copy; at += 8) {
        const uint64_t word = std::atomic_ref(*reinterpret_cast<uint64_t*>(slot(i).output + at))
                                  .load(std::memory_order_relaxed);
        memcpy(copy + at, &word, sizeof word);
      }
      std::atomic_thread_fence(std::memory_order_acquire);
      if (before % 2 == 0 && slot(i).version.load(std::memory_order_relaxed) == before) return copy;
    }
  }

  // Bounded by time, decided by what is there.
  template <typename Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  segment::View view_;
};

constexpr CheckOptions kOften{.every = milliseconds(10), .timeout = milliseconds(5000)};

TEST_F(CheckRunnerTest, each_check_runs_again_and_again) {
  std::atomic<int> first{0}, second{0};
  Runner runner(view_);
  ASSERT_TRUE(runner.add("first", kOften, [&] { return ++first, pass("fine"); }));
  ASSERT_TRUE(runner.add("second", kOften, [&] { return ++second, warn("hm"); }));
  EXPECT_EQ(view_.health().used.load(), 2u);
  EXPECT_TRUE(eventually([&] { return first > 3 && second > 3; }));
  EXPECT_EQ(status(0), static_cast<uint32_t>(CheckStatus::kPass));
  EXPECT_EQ(status(1), static_cast<uint32_t>(CheckStatus::kWarn));
  EXPECT_EQ(output(1), "hm");
  EXPECT_GT(std::atomic_ref(slot(1).time_real_ns).load(), 0);
}

TEST_F(CheckRunnerTest, what_a_check_throws_is_a_failure) {
  Runner runner(view_);
  runner.add("throws", kOften,
             []() -> CheckResult { throw std::runtime_error("no route to the database"); });
  runner.add("odd", kOften, []() -> CheckResult { throw 7; });
  const auto failed = static_cast<uint32_t>(CheckStatus::kFail);
  ASSERT_TRUE(eventually([&] { return status(0) == failed && status(1) == failed; }));
  EXPECT_EQ(output(0), "threw an exception: no route to the database");
  EXPECT_EQ(output(1), "threw something that is no std::exception");
}

TEST_F(CheckRunnerTest, stuck_checks_delay_no_other) {
  auto gate = std::make_shared<Gate>();
  std::atomic<int> runs{0};
  {
    Runner runner(view_);
    for (int i = 0; i < 5; ++i) {
      runner.add("stuck",
                 {.every = milliseconds(10), .timeout = milliseconds(20), .gates_readiness = true},
                 [gate] {
                   gate->wait();
                   return pass();
                 });
    }
    ASSERT_TRUE(eventually([&] { return started_ns(4) != 0; })) << "five hang, in five threads";
    ASSERT_TRUE(runner.add("lively", kOften, [&] { return ++runs, pass(); }));
    EXPECT_TRUE(eventually([&] { return runs > 5; }));
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_NE(started_ns(i), 0) << "the keeper can see that it is still under way";
      EXPECT_EQ(status(i), static_cast<uint32_t>(CheckStatus::kPending));
    }
    EXPECT_FALSE(runner.stop(milliseconds(50))) << "ends, and says that it leaves five behind";
  }
  gate->open();
  EXPECT_TRUE(eventually([&] { return started_ns(0) == 0 && started_ns(4) == 0; }));
}

TEST_F(CheckRunnerTest, a_late_result_is_a_failure_and_counted) {
  auto gate = std::make_shared<Gate>();
  Runner runner(view_);
  runner.add("late",
             {.every = milliseconds(60'000), .timeout = milliseconds(1), .gates_readiness = true},
             [gate] {
               gate->wait();
               return pass("all well");
             });
  ASSERT_TRUE(eventually([&] { return started_ns(0) != 0; }));
  std::this_thread::sleep_for(milliseconds(5));
  gate->open();
  ASSERT_TRUE(eventually([&] { return status(0) == static_cast<uint32_t>(CheckStatus::kFail); }));
  EXPECT_EQ(output(0).find("timed out: took "), 0u) << output(0);
  EXPECT_EQ(view_.service().check_overruns.load(), 1u);
}

TEST_F(CheckRunnerTest, never_twice_at_a_time) {
  std::atomic<int> inside{0}, most{0}, runs{0};
  {
    Runner runner(view_);
    for (int i = 0; i < 3; ++i) {
      runner.add("other", kOften, [] { return pass(); });
    }
    runner.add("slow", {.every = milliseconds(1), .gates_readiness = true}, [&] {
      const int now = ++inside;
      if (now > most) most = now;
      std::this_thread::sleep_for(milliseconds(5));
      --inside;
      ++runs;
      return pass();
    });
    EXPECT_TRUE(eventually([&] { return runs > 10; }));
  }
  EXPECT_EQ(most.load(), 1);
}

TEST_F(CheckRunnerTest, a_full_table_refuses) {
  Runner runner(view_);
  for (size_t i = 0; i < segment::kChecks; ++i) {
    ASSERT_TRUE(runner.add("c" + std::to_string(i), {.every = milliseconds(60'000)},
                           [] { return pass(); }));
  }
  EXPECT_FALSE(runner.add("one too many", {}, [] { return pass(); }));
  EXPECT_EQ(view_.health().used.load(), segment::kChecks);
}

TEST_F(CheckRunnerTest, an_empty_runner_ends) {
  Runner runner(view_);
  EXPECT_TRUE(runner.stop(milliseconds(10'000)));
}

TEST_F(CheckRunnerTest, a_run_under_way_is_waited_for) {
  std::atomic<bool> ended{false};
  Runner runner(view_);
  runner.add("brief", {.gates_readiness = true}, [&] {
    std::this_thread::sleep_for(milliseconds(50));
    ended = true;
    return pass();
  });
  ASSERT_TRUE(eventually([&] { return started_ns(0) != 0; }));
  EXPECT_TRUE(runner.stop(milliseconds(10'000)));
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace outrigger::health
