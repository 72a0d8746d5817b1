// Threads for answers in pieces: one each, since it may wait for its client for as long as it lasts,
// and a bounded number of them.
//
// Threads: construction and destruction belong to one; all else may be called from any.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace outrigger::http {

class StreamThreads {
 public:
  explicit StreamThreads(std::size_t most) : most_(most) {}
  ~StreamThreads();  // joins
  StreamThreads(const StreamThreads&) = delete;
  StreamThreads& operator=(const StreamThreads&) = delete;

  // Runs `work`, which throws nothing. False when there are as many as there may be, or there is no
  // thread to be had.
  bool run(std::function<void()> work);
  bool any() const;
  void refuse_more();

 private:
  mutable std::mutex mutex_;  // guards all below
  std::size_t most_;
  std::size_t running_ = 0;
  std::vector<std::thread> threads_;  // also ended ones, until the next run()
  std::vector<std::thread::id> ended_;
};

}  // namespace outrigger::http
