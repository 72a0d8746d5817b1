#include "pprof/profiler.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "base/threads.h"
#include "pprof/book_session.h"
#include "pprof/heap.h"
#include "pprof/record.h"
#include "pprof/symbols.h"
#include "pprof/task_list.h"
#include "pprof/thread_stacks.h"
#include "pprof/ticks.h"
#include "pprof/time_session.h"
#include "pprof/waits.h"

namespace outrigger::pprof {
namespace {

using namespace std::chrono_literals;

// Between two looks at the cells, of which there are enough for several hundred busy processors.
constexpr auto kLookEvery = 5ms;
// While no profile is being taken: a look that finds none doubles the wait, one that finds a few
// leaves it as it is.
constexpr auto kLookMax = 100ms;
constexpr size_t kFew = 4;
// A program may load libraries again and again; its map is read at most this often.
constexpr int64_t kUnwinderTryEveryNs = base::kNsPerSecond;
// The record begins when the service has run for so long: none that starts has to pay.
constexpr int64_t kRecordAfterNs = 2 * base::kNsPerSecond;

}  // namespace

Profiler::Profiler(const Parts& parts)
    : parts_(parts),
      began_ns_(base::monotonic_ns()),
      reader_(parts.view),
      sample_(std::make_unique_for_overwrite<segment::Sample>()) {
  heap_ = std::make_unique<Heap>(parts.view, parts.heap);
  waits_ = std::make_unique<Waits>(parts.view);
  ticks_ = std::make_unique<Ticks>(parts.view, parts.service_bell);
  record_ = std::make_unique<Record>(parts.service_pid);
}

void Profiler::watch_samples() {
  if (watching_ || !parts_.with_books) return;
  const std::lock_guard lock(mutex_);
  // For a successor, should both end before there is a sample; libraries come later.
  if (!thread_.joinable() && parts_.map != nullptr && map_.empty())
    map_ = map_of(parts_.service_pid, *parts_.map);
  if (segment::samples(parts_.view).taken.load(std::memory_order_relaxed) == 0 && !record_is_due())
    return;
  watching_ = true;
  start();
}

void Profiler::start() {
  if (thread_.joinable()) return;
  // Now, while it is there: the thread may come too late for a service that ends at once.
  if (parts_.map != nullptr) map_ = map_of(parts_.service_pid, *parts_.map);
  thread_ = base::start_thread("or-pprof", [this] { work(); });
}

bool Profiler::record_is_due() const {
  if (base::monotonic_ns() - began_ns_ < kRecordAfterNs) return false;
  const auto phase = parts_.view.service().phase.load(std::memory_order_relaxed);
  return phase >= static_cast<uint32_t>(segment::ServicePhase::kRunning) &&
         segment::record_hz(segment::samples(parts_.view)) != 0;
}

Profiler::~Profiler() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Profiler::Begun Profiler::begin(const Ask& ask) {
  const std::lock_guard lock(mutex_);
  Slot& own = slots_[slot_of(ask)];
  const int64_t now_ns = base::monotonic_ns();
  if (own.job != nullptr && !own.job->cancelled()) {
    const int64_t since = (now_ns - own.asked_ns) / base::kNsPerSecond;
    return {nullptr, describe(own.job->ask()) + ", begun " + std::to_string(since) + " s ago"};
  }
  start();
  own = {std::make_shared<Job>(ask), now_ns};
  woken_.notify_all();
  return {own.job, {}};
}

void Profiler::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    for (Slot& each : slots_)
      if (each.job != nullptr) turn(each, lock);
    const bool any = std::ranges::any_of(slots_, [](const Slot& s) { return s.job != nullptr; });
    if (!any && !parts_.with_books) {
      woken_.wait(lock, [&] {
        return stopping_ ||
               std::ranges::any_of(slots_, [](const Slot& s) { return s.job != nullptr; });
      });
      continue;
    }
    lock.unlock();
    if (parts_.with_books)
      ticks_->record(record_is_due() ? segment::record_hz(segment::samples(parts_.view)) : 0);
    const size_t drained = drain();
    lock.lock();
    if (!stopping_) woken_.wait_for(lock, patience(any, drained));
  }
  time_looks_ = {};
  ticks_->record(0);
}

std::chrono::milliseconds Profiler::patience(bool any_job, size_t drained) {
  if (any_job || drained > kFew) wait_ = kLookEvery;
  else if (drained == 0)
    wait_ = std::clamp<std::chrono::milliseconds>(2 * wait_, kLookEvery, kLookMax);
  return wait_;
}

size_t Profiler::drain(const std::function<void(const segment::Sample&)>& take_stack) {
  size_t count = 0;
  for (; reader_.next(*sample_); ++count) take(*sample_, take_stack);
  return count;
}

void Profiler::take(const segment::Sample& sample,
                    const std::function<void(const segment::Sample&)>& take_stack) {
  if (sample.kind == segment::SampleKind::kStack) {
    if (take_stack) take_stack(sample);
    return;
  }
  Unwinder* const unwinder = this->unwinder();
  if (unwinder == nullptr) return;
  if (unwinder->module_at(sample.registers[segment::kPcRegister]) == nullptr) {
    const int64_t now_ns = base::monotonic_ns();
    if (now_ns - unwinder_tried_ns_ > kUnwinderTryEveryNs) {
      unwinder_tried_ns_ = now_ns;
      if (!unwinder->refresh().ok()) return;
    }
  }
  const auto counted = [&](Kind kind) {
    counts_[static_cast<size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
  };
  const auto give = [&](segment::TickClock clock) {
    TimeSession* const session = time_looks_[static_cast<size_t>(clock)].session.get();
    if (session != nullptr) session->take(sample, *unwinder);
  };
  switch (sample.kind) {
    case segment::SampleKind::kStack: break;
    case segment::SampleKind::kCpu:
      if (parts_.with_books) {
        record_->take(sample, *unwinder);
        counted(Kind::kRecord);
      }
      give(segment::TickClock::kCpu);
      break;
    case segment::SampleKind::kWall: give(segment::TickClock::kWall); break;
    case segment::SampleKind::kHeap:
      heap_->add(sample, *unwinder);
      counted(Kind::kAllocs);
      break;
    case segment::SampleKind::kWait:
      waits_->add(sample, *unwinder);
      counted(Kind::kBlock);
      if (sample.wait == segment::WaitKind::kLock) counted(Kind::kMutex);
      break;
  }
}

uint64_t Profiler::count(Kind kind) const {
  if (kind == Kind::kThreads) return tasks_of(parts_.service_pid).size();
  if (kind == Kind::kHeap) return heap_->live();
  return counts_[static_cast<size_t>(kind)].load(std::memory_order_relaxed);
}

Book& Profiler::book(Kind kind) {
  if (kind == Kind::kMutex || kind == Kind::kBlock) return *waits_;
  return *heap_;
}

Unwinder* Profiler::unwinder() {
  const int64_t now_ns = base::monotonic_ns();
  if (unwinder_ == nullptr && now_ns - unwinder_tried_ns_ > kUnwinderTryEveryNs) {
    unwinder_tried_ns_ = now_ns;
    auto opened = Unwinder::of_process(parts_.service_pid, map_);
    if (opened.ok()) unwinder_ = std::move(*opened);
  }
  return unwinder_.get();
}

// What naming took, tables of symbols and a debug file that is mapped, is some 20 MB: the next
// profile reads it again. Of a process that is gone it is kept: it may know more than what was mapped
// at first.
void Profiler::forget_symbols() {
  const bool in_use =
      std::ranges::any_of(time_looks_, [](const TimeLook& l) { return l.job != nullptr; });
  if (unwinder_ == nullptr || in_use) return;
  auto opened = Unwinder::of_process(parts_.service_pid);
  if (opened.ok()) unwinder_ = std::move(*opened);
}

// The lock is open while there is anything to do.
void Profiler::turn(Slot& slot, std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<Job> job = slot.job;
  lock.unlock();
  std::optional<Result<std::string>> result;
  try {
    result = advance(job);
  } catch (const std::exception& thrown) {
    result = failed(std::string("the profile failed: ") + thrown.what());
  }
  if (result) {
    for (TimeLook& look : time_looks_)
      if (look.job == job) look = {};
    forget_symbols();
  }
  lock.lock();
  if (!result) return;
  job->finish(std::move(*result));
  if (slot.job == job) slot.job.reset();
}

std::optional<Result<std::string>> Profiler::advance(const std::shared_ptr<Job>& job) {
  const Ask& ask = job->ask();
  switch (ask.kind) {
    case Kind::kCpu:
    case Kind::kWall: return advance_time(job);
    case Kind::kRecord:
      drain();
      if (Unwinder* const unwinder = this->unwinder())
        return record_->since(ask.seconds, ask.form, *unwinder);
      return failed("the service's process cannot be read");
    case Kind::kHeap:
    case Kind::kAllocs:
    case Kind::kMutex:
    case Kind::kBlock: return advance_book(job);
    case Kind::kThreads:
      return take_thread_stacks(parts_, ask.form, [this](const TakeStack& take) { drain(take); });
    case Kind::kSymbols: break;
  }
  return name_addresses(parts_.service_pid, ask.addresses);
}

std::optional<Result<std::string>> Profiler::advance_book(const std::shared_ptr<Job>& job) {
  BookLook& look = book_looks_[slot_of(job->ask())];
  if (job->cancelled()) return failed("cancelled");
  drain();
  if (look.job != job)
    look = {job, std::make_unique<BookSession>(book(job->ask().kind), job->ask())};
  std::optional<Result<std::string>> result = look.session->turn(unwinder());
  if (result) look = {};
  return result;
}

std::optional<Result<std::string>> Profiler::advance_time(const std::shared_ptr<Job>& job) {
  const bool of_wall = job->ask().kind == Kind::kWall;
  TimeLook& look = time_looks_[static_cast<size_t>(of_wall ? segment::TickClock::kWall
                                                           : segment::TickClock::kCpu)];
  if (look.job != job) look = {};  // the one before was cancelled
  if (job->cancelled()) return failed("cancelled");
  if (look.job == nullptr) {
    Unwinder* const unwinder = this->unwinder();
    if (unwinder == nullptr) return failed("the service's process cannot be read");
    if (Result<void> read = unwinder->refresh(); !read.ok()) return read.error();
    look = {job, std::make_unique<TimeSession>(parts_, job->ask(), *ticks_, [this] { drain(); })};
    return {};
  }
  if (Result<void> going = look.session->turn(); !going.ok()) return going.error();
  if (look.session->over()) return look.session->finish(*unwinder_);
  return {};
}

}  // namespace outrigger::pprof
