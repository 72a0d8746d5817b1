#include "http/stream_threads.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/threads.h"

namespace outrigger::http {

StreamThreads::~StreamThreads() {
  std::vector<std::thread> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(threads_);
  }
  for (std::thread& thread : left) thread.join();
}

bool StreamThreads::any() const {
  const std::lock_guard lock(mutex_);
  return running_ > 0;
}

void StreamThreads::refuse_more() {
  const std::lock_guard lock(mutex_);
  most_ = 0;
}

bool StreamThreads::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  for (const std::thread::id id : std::exchange(ended_, {})) {
    const auto found = std::find_if(threads_.begin(), threads_.end(),
                                    [&](const std::thread& each) { return each.get_id() == id; });
    found->join();  // it has nothing left to do
    threads_.erase(found);
  }
  if (running_ >= most_) return false;
  try {
    threads_.push_back(base::start_thread("or-stream", [this, work = std::move(work)] {
      work();
      const std::lock_guard ending(mutex_);
      --running_;
      ended_.push_back(std::this_thread::get_id());
    }));
  } catch (const std::system_error&) {
    return false;
  }
  ++running_;
  return true;
}

}  // namespace outrigger::http
