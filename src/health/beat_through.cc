#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/threads.h"
#include "health/beat.h"
#include "outrigger/health.h"

namespace outrigger {

using namespace std::chrono_literals;

struct BeatThrough::Shared {
  explicit Shared(std::string_view name, Post post_to)
      : source(health::source(name)), post(std::move(post_to)) {}

  const health::Beat source;
  const Post post;
  std::mutex mutex;
  std::condition_variable ending_now;
  // Guarded by mutex.
  bool with_the_loop = false;
  bool ending = false;

  // The loop has come to it.
  void arrive() {
    const std::lock_guard lock(mutex);
    with_the_loop = false;
    // Under the lock: after the destructor no beat makes the source count again.
    if (!ending) source.beat();
  }

  void pace(const std::shared_ptr<Shared>& self) {
    std::unique_lock lock(mutex);
    while (!ending) {
      if (!with_the_loop) {
        with_the_loop = true;
        lock.unlock();
        post([self] { self->arrive(); });
        lock.lock();
      }
      ending_now.wait_for(lock, 1s, [this] { return ending; });
    }
  }
};

BeatThrough::BeatThrough(std::string name, Post post)
    : shared_(std::make_shared<Shared>(name, std::move(post))),
      pacer_(base::start_thread("or-beat", [shared = shared_] { shared->pace(shared); })) {}

BeatThrough::~BeatThrough() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->ending = true;
    shared_->source.rest();
  }
  shared_->ending_now.notify_all();
  pacer_.join();
}

}  // namespace outrigger
