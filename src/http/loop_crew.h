// The threads of an event loop whose handlers may take long.
//
// Threads that share one loop wake each other at every event, which costs more than a short handler
// does. So one thread has the place at the loop and runs the handlers too, while a watcher looks on
// every two milliseconds:
//   - the one at the place has been in the same handler since the last look: another gets its
//   place, and the first
//     one, when it comes back, waits until it is needed;
//   - handlers take most of the time, though each is short: there is a second place, then a third.
// Nobody looks on while nothing happens. A thread is started when a place is first granted to it: a
// service that is asked little has two.
//
// Threads: construction, launch() and destruction belong to one thread; Handling to the crew's own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace outrigger::http {

class LoopCrew {
 public:
  struct Loop {
    std::function<bool()>
        run_one;  // waits for one event and handles it; false once the loop is stopped
    std::function<void()> stop;  // makes run_one return false, in all threads
    // Called every tenth of a second or so while a handler runs, on the watcher's thread: also when
    // all others are in handlers. May be empty.
    std::function<void()> look_after{};
  };

  LoopCrew(Loop loop, unsigned threads, std::string name);
  ~LoopCrew();  // stops the loop and joins; a handler under way is waited for
  LoopCrew(const LoopCrew&) = delete;
  LoopCrew& operator=(const LoopCrew&) = delete;

  // Throws std::system_error when there is no thread to be had for the first place and the watcher;
  // those that did start are joined by the destructor. One that cannot be had later is tried again
  // at the next look.
  void launch();

  // Stands around each call of a handler, on the stack of the thread that makes it.
  class Handling {
   public:
    explicit Handling(LoopCrew& crew);
    ~Handling();
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;

   private:
    LoopCrew& crew_;
  };

 private:
  // One thread's. `marks` is odd while it is in a handler, and never the same for two handlers.
  struct alignas(64) Seat {
    std::atomic<uint64_t> marks{0};
    std::atomic<bool> dismissed{
        false};  // its place is another's; it is to wait for one when it comes back
    // guarded by mutex_
    bool placed = false;
    uint64_t seen_marks = 0;  // at the watcher's last look
  };

  void work(Seat& seat);
  bool wait_for_place(Seat& seat);
  void watch();
  bool look();
  void look_after(std::unique_lock<std::mutex>& lock);
  void settle(unsigned busy);
  void leave_place();
  void start_seat_locked();
  bool can_grant_locked();
  void grant_locked();
  void dismiss_locked(Seat& seat);
  void wake_watcher();

  const Loop loop_;
  const unsigned threads_count_;
  const std::string name_;
  const std::string watcher_name_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::thread watcher_;
  std::atomic<bool> dozing_{false};  // the watcher's

  std::mutex mutex_;  // guards all below, and the guarded part of each Seat
  std::condition_variable place_granted_;
  std::condition_variable watcher_woken_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // of the first seats
  unsigned waiting_ = 0;       // threads without a place, those included that are only starting
  unsigned granted_ = 0;       // places that a waiting thread has not taken yet
  unsigned places_ = 1;        // how many there should be
  unsigned placed_ = 0;        // how many are taken or granted
  unsigned looks_ = 0;         // since places_ was last considered
  unsigned active_looks_ = 0;  // since look_after was called
  unsigned busy_looks_ = 0;    // of them, summed over the places: one in a handler
};

}  // namespace outrigger::http
