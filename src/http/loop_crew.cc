#include "http/loop_crew.h"

#include <chrono>
#include <system_error>

#include "base/threads.h"

namespace outrigger::http {
namespace {

constexpr std::chrono::milliseconds kLookPeriod{2};
constexpr unsigned kLooksBeforeDozing = 3;  // without anything new
constexpr unsigned kLooksBeforeLookingAfter = 50;
constexpr unsigned kLooksPerWindow = 16;  // between changes of the number of places

// The crew's threads find their seat here; on any other thread it is empty.
thread_local std::atomic<uint64_t>* t_marks = nullptr;

}  // namespace

LoopCrew::LoopCrew(Loop loop, unsigned threads, std::string name)
    : loop_(std::move(loop)),
      threads_count_(threads),
      name_(std::move(name)),
      watcher_name_(name_.substr(0, 9) + "-watch") {
  for (unsigned i = 0; i < threads_count_; ++i) seats_.push_back(std::make_unique<Seat>());
}

LoopCrew::~LoopCrew() {
  loop_.stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    place_granted_.notify_all();
    watcher_woken_.notify_all();
  }
  if (watcher_.joinable()) watcher_.join();  // it starts others
  for (std::thread& thread : threads_) thread.join();
}

void LoopCrew::launch() {
  const std::lock_guard lock(mutex_);
  start_seat_locked();
  grant_locked();
  if (threads_count_ > 1) watcher_ = base::start_thread(watcher_name_.c_str(), [this] { watch(); });
}

void LoopCrew::start_seat_locked() {
  Seat& seat = *seats_[threads_.size()];
  threads_.push_back(base::start_thread(name_.c_str(), [this, &seat] { work(seat); }));
  ++waiting_;
}

// Whether there is a thread for one more place.
bool LoopCrew::can_grant_locked() {
  if (waiting_ > granted_) return true;
  if (threads_.size() == threads_count_) return false;
  try {
    start_seat_locked();
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

LoopCrew::Handling::Handling(LoopCrew& crew) : crew_(crew) {
  if (t_marks == nullptr) return;
  // Ordered before the look at dozing_, as the watcher's word there is before its last look at
  // marks: one of the two sees the other.
  t_marks->fetch_add(1, std::memory_order_seq_cst);
  if (crew_.dozing_.load(std::memory_order_seq_cst)) crew_.wake_watcher();
}

LoopCrew::Handling::~Handling() {
  if (t_marks != nullptr) t_marks->fetch_add(1, std::memory_order_relaxed);
}

void LoopCrew::work(Seat& seat) {
  t_marks = &seat.marks;
  while (wait_for_place(seat)) {
    // Relaxed: when it is seen an event later, no harm is done.
    do {
      if (!loop_.run_one()) return;
    } while (!seat.dismissed.load(std::memory_order_relaxed));
    leave_place();
  }
}

void LoopCrew::leave_place() {
  const std::lock_guard lock(mutex_);
  ++waiting_;
  // One that was dismissed goes on when there is room again: nobody has to be woken for it.
  if (placed_ < places_) grant_locked();
}

bool LoopCrew::wait_for_place(Seat& seat) {
  std::unique_lock lock(mutex_);
  place_granted_.wait(lock, [this] { return granted_ > 0 || stopping_; });
  --waiting_;
  if (stopping_) return false;
  --granted_;
  seat.placed = true;
  seat.dismissed.store(false, std::memory_order_relaxed);
  return true;
}

void LoopCrew::grant_locked() {
  ++granted_;
  ++placed_;
  place_granted_.notify_one();
}

void LoopCrew::dismiss_locked(Seat& seat) {
  seat.placed = false;
  seat.dismissed.store(true, std::memory_order_relaxed);
  --placed_;
}

void LoopCrew::wake_watcher() {
  const std::lock_guard lock(mutex_);
  dozing_.store(false, std::memory_order_relaxed);
  watcher_woken_.notify_one();
}

void LoopCrew::watch() {
  std::unique_lock lock(mutex_);
  unsigned quiet = 0;
  while (!stopping_) {
    quiet = look() ? 0 : quiet + 1;
    if (quiet == 0) look_after(lock);
    if (quiet < kLooksBeforeDozing) {
      watcher_woken_.wait_for(lock, kLookPeriod, [this] { return stopping_; });
      continue;
    }
    dozing_.store(true, std::memory_order_seq_cst);
    if (look()) {
      dozing_.store(false, std::memory_order_relaxed);
    } else {
      watcher_woken_.wait(lock,
                          [this] { return stopping_ || !dozing_.load(std::memory_order_relaxed); });
    }
    quiet = 0;
  }
}

void LoopCrew::look_after(std::unique_lock<std::mutex>& lock) {
  if (loop_.look_after == nullptr || ++active_looks_ < kLooksBeforeLookingAfter) return;
  active_looks_ = 0;
  lock.unlock();
  loop_.look_after();
  lock.lock();
}

// With mutex_ held. True when something has happened since the last look, or is happening.
bool LoopCrew::look() {
  bool active = false;
  unsigned busy = 0;
  for (auto& seat : seats_) {
    const uint64_t marks = seat->marks.load(std::memory_order_seq_cst);
    const bool inside = (marks & 1) != 0;
    const bool same = marks == seat->seen_marks;
    active |= inside || !same;
    if (seat->placed && inside) {
      ++busy;
      if (same && can_grant_locked()) {
        dismiss_locked(*seat);
        grant_locked();
      }
    }
    seat->seen_marks = marks;
  }
  settle(busy);
  return active;
}

// Keeps the places about half busy.
void LoopCrew::settle(unsigned busy) {
  busy_looks_ += busy;
  if (++looks_ < kLooksPerWindow) return;
  if (2 * busy_looks_ > kLooksPerWindow * places_ && can_grant_locked()) {
    ++places_;
    grant_locked();
  } else if (places_ > 1 && 4 * busy_looks_ < kLooksPerWindow * (places_ - 1)) {
    --places_;
    for (auto& seat : seats_) {
      if (placed_ > places_ && seat->placed) dismiss_locked(*seat);
    }
  }
  looks_ = 0;
  busy_looks_ = 0;
}

}  // namespace outrigger::http
