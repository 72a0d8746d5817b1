// Takes profiles of the service: one thread of the keeper's, which also keeps the books of sampled
// allocations and waits. Without these it starts with the first profile that is asked for. Whoever
// asks gets a Job and looks at it from time to time.
//
// Threads: begin() may be called from any; construction and destruction belong to one, which waits
// for the profiler's own.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "pprof/job.h"
#include "pprof/kept_heap.h"
#include "pprof/kept_map.h"
#include "segment/sample_reader.h"

namespace outrigger::pprof {

class TimeSession;
class Record;
class Ticks;
class Book;
class BookSession;
class Heap;
class Waits;
class Unwinder;

class Profiler {
 public:
  struct Parts {
    segment::View view;
    int service_pid = 0;
    int service_bell = -1;
    bool with_books = true;    // keep the books of allocations and waits, from watch_samples() on
    KeptMap* map = nullptr;    // the service's; none: of one that has gone nothing can be named
    KeptHeap* heap = nullptr;  // none: a successor begins anew
  };
  explicit Profiler(const Parts& parts);
  ~Profiler();

  // Starts the thread once the service has taken samples, of which a service that starts takes none,
  // or runs for a while, so that the record begins. By one thread, again and again: samples find
  // room for the first few dozen only.
  void watch_samples();

  struct Begun {
    std::shared_ptr<Job> job;  // nullptr when one of this kind is under way already
    std::string under_way;     // which: "a CPU profile of 30 s at 100 Hz, begun 12 s ago"
  };
  Begun begin(const Ask& ask);

  // What there is to be shown of a kind: live sampled blocks, samples so far, threads. Any thread.
  uint64_t count(Kind kind) const;

 private:
  struct Slot {
    std::shared_ptr<Job> job;  // guarded by mutex_
    int64_t asked_ns = 0;      // CLOCK_MONOTONIC; likewise
  };
  static constexpr size_t kSlots = 2 * kKinds;
  // By kind, those that clients ask for first.
  static size_t slot_of(const Ask& ask) {
    return static_cast<size_t>(ask.kind) + (ask.by_itself ? kKinds : 0);
  }

  void start();
  void work();
  void turn(Slot& slot, std::unique_lock<std::mutex>& lock);
  std::optional<Result<std::string>> advance(const std::shared_ptr<Job>& job);
  std::optional<Result<std::string>> advance_time(const std::shared_ptr<Job>& job);
  std::optional<Result<std::string>> advance_book(const std::shared_ptr<Job>& job);
  // How many there were. `take_stack` gets the stacks that threads have copied of themselves.
  size_t drain(const std::function<void(const segment::Sample&)>& take_stack = {});
  Book& book(Kind kind);
  void take(const segment::Sample& sample,
            const std::function<void(const segment::Sample&)>& take_stack);
  bool record_is_due() const;
  // nullptr when the service's process cannot be read.
  Unwinder* unwinder();
  void forget_symbols();
  std::chrono::milliseconds patience(bool any_job, size_t drained);

  const Parts parts_;
  const int64_t began_ns_;  // CLOCK_MONOTONIC
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;  // guarded by mutex_
  std::array<Slot, kSlots> slots_;
  bool watching_ = false;  // watch_samples()'s own
  std::thread thread_;
  // The profiler's thread's own.
  segment::SampleReader reader_;
  std::unique_ptr<segment::Sample> sample_;
  std::unique_ptr<Ticks> ticks_;
  std::unique_ptr<Record> record_;
  struct TimeLook {
    std::shared_ptr<Job> job;
    std::unique_ptr<TimeSession> session;
  };
  std::array<TimeLook, segment::kTickClocks> time_looks_;
  std::unique_ptr<Heap> heap_;
  std::unique_ptr<Waits> waits_;
  std::string map_;  // read before the thread starts
  std::unique_ptr<Unwinder> unwinder_;
  int64_t unwinder_tried_ns_ = 0;  // to be opened, or to be told of newly loaded files
  struct BookLook {
    std::shared_ptr<Job> job;
    std::unique_ptr<BookSession> session;
  };
  std::array<BookLook, kSlots> book_looks_;
  std::chrono::milliseconds wait_{0};
  // Samples so far, for whoever asks.
  std::array<std::atomic<uint64_t>, kKinds> counts_{};
};

}  // namespace outrigger::pprof
