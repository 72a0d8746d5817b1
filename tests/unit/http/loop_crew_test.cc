#include "http/loop_crew.h"

#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <semaphore>

namespace outrigger::http {
namespace {

using namespace std::chrono_literals;

// A loop of the test's own: a queue of tasks.
class Tasks {
 public:
  LoopCrew::Loop loop() {
    return {.run_one = [this] { return run_one(); }, .stop = [this] { stop(); }};
  }
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }

 private:
  bool run_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || !tasks_.empty(); });
    if (stopped_) return false;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    return true;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool stopped_ = false;
};

class LoopCrewTest : public testing::Test {
 protected:
  void start(unsigned threads) {
    crew_ = std::make_unique<LoopCrew>(tasks_.loop(), threads, "crew");
    crew_->launch();
  }
  // A handler that waits for `until`, and says when it has begun.
  void post_stuck(std::counting_semaphore<>& begun, std::counting_semaphore<>& until) {
    tasks_.post([&] {
      const LoopCrew::Handling handling(*crew_);
      begun.release();
      until.acquire();
    });
  }
  // Whether a short handler gets its turn.
  bool is_served(std::chrono::milliseconds patience) {
    const auto done = std::make_shared<std::counting_semaphore<>>(0);
    tasks_.post([this, done] {
      const LoopCrew::Handling handling(*crew_);
      done->release();
    });
    return done->try_acquire_for(patience);
  }

  Tasks tasks_;
  std::counting_semaphore<> begun_{0}, until_{0};
  std::unique_ptr<LoopCrew> crew_;
};

TEST_F(LoopCrewTest, one_thread_alone_does_it_all) {
  start(1);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(is_served(30s));
}

TEST_F(LoopCrewTest, a_place_is_handed_over_when_a_handler_keeps_its_thread) {
  start(4);
  for (int stuck = 0; stuck < 3; ++stuck) {
    post_stuck(begun_, until_);
    begun_.acquire();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(is_served(30s)) << stuck + 1 << " of 4 are stuck";
  }
  until_.release(3);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(is_served(30s));
}

TEST_F(LoopCrewTest, when_all_are_stuck_nobody_pretends_otherwise) {
  start(2);
  post_stuck(begun_, until_);
  post_stuck(begun_, until_);
  begun_.acquire();
  begun_.acquire();
  EXPECT_FALSE(is_served(300ms));
  until_.release();  // one comes back: it takes over from the other
  EXPECT_TRUE(is_served(30s));
  until_.release();
  EXPECT_TRUE(is_served(30s));
}

TEST_F(LoopCrewTest, short_handlers_that_fill_the_time_get_more_places) {
  start(4);
  std::atomic<int> at_once{0}, most{0}, done{0};
  int posted = 0;
  for (; posted < 20'000 && most < 2; ++posted) {
    tasks_.post([&] {
      const LoopCrew::Handling handling(*crew_);
      most = std::max(most.load(), ++at_once);
      std::this_thread::sleep_for(1ms);
      --at_once;
      ++done;
    });
    while (posted - done > 50) std::this_thread::sleep_for(1ms);
  }
  EXPECT_GE(most, 2);
  while (done < posted) std::this_thread::sleep_for(1ms);
}

TEST_F(LoopCrewTest, ends_while_some_are_waiting_and_one_is_busy) {
  start(4);
  post_stuck(begun_, until_);
  begun_.acquire();
  std::thread releaser([&] {
    std::this_thread::sleep_for(50ms);
    until_.release();
  });
  crew_.reset();
  releaser.join();
}

// The names of this process's threads.
std::vector<std::string> thread_names() {
  std::vector<std::string> names;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* task = readdir(tasks)) {
    std::ifstream comm("/proc/self/task/" + std::string(task->d_name) + "/comm");
    std::getline(comm, names.emplace_back());
  }
  closedir(tasks);
  return names;
}

TEST_F(LoopCrewTest, a_thread_is_started_when_it_is_needed) {
  start(16);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(is_served(30s));
  // A machine that stops the one thread in the midst of a handler makes it look stuck: two may be.
  EXPECT_LE(std::ranges::count(thread_names(), "crew"), 4);
  post_stuck(begun_, until_);
  begun_.acquire();
  EXPECT_TRUE(is_served(30s));
  EXPECT_GE(std::ranges::count(thread_names(), "crew"), 2);
  until_.release();
}

// How often the thread of that name has gone to sleep by itself; -1 when there is none.
long sleeps_of(const std::string& name) {
  long sleeps = -1;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* task = readdir(tasks)) {
    std::ifstream status("/proc/self/task/" + std::string(task->d_name) + "/status");
    std::string word, own_name;
    while (status >> word) {
      if (word == "Name:") status >> own_name;
      if (word == "voluntary_ctxt_switches:" && own_name == name) status >> sleeps;
    }
  }
  closedir(tasks);
  return sleeps;
}

TEST_F(LoopCrewTest, nobody_looks_on_while_nothing_happens) {
  start(4);
  ASSERT_TRUE(is_served(30s));
  long before = 0, after = -1;
  for (int i = 0; i < 100 && before != after; ++i) {
    before = sleeps_of("crew-watch");
    std::this_thread::sleep_for(100ms);
    after = sleeps_of("crew-watch");
  }
  EXPECT_GE(before, 0);
  EXPECT_EQ(before, after);
  ASSERT_TRUE(is_served(30s));
  post_stuck(begun_, until_);
  begun_.acquire();
  EXPECT_TRUE(is_served(30s)) << "it is there again when something happens";
  until_.release();
}

}  // namespace
}  // namespace outrigger::http
