#include "pprof/profiler.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "base/threads.h"
#include "pprof/book_session.h"
#include "pprof/cpu_session.h"
#include "pprof/heap.h"
#include "pprof/symbols.h"
#include "pprof/thread_stacks.h"
#include "pprof/waits.h"

namespace outrigger::pprof {
namespace {

using namespace std::chrono_literals;

// Between two looks at the cells, of which there are enough for several hundred busy processors.
constexpr auto kLookEvery = 5ms;
// While only allocations are watched: a look that finds none doubles the wait.
constexpr auto kLookMax = 100ms;
constexpr int64_t kUnwinderTryEveryNs = base::kNsPerSecond;

}  // namespace

Profiler::Profiler(const Parts& parts)
    : parts_(parts),
      reader_(parts.view),
      sample_(std::make_unique_for_overwrite<segment::Sample>()) {
  heap_ = std::make_unique<Heap>(parts.view);
  waits_ = std::make_unique<Waits>(parts.view);
}

void Profiler::watch_samples() {
  if (watching_ || !parts_.with_books) return;
  if (segment::samples(parts_.view).taken.load(std::memory_order_relaxed) == 0) return;
  watching_ = true;
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) thread_ = base::start_thread("or-pprof", [this] { work(); });
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
  Slot& own = slot(ask.kind);
  const int64_t now_ns = base::monotonic_ns();
  if (own.job != nullptr && !own.job->cancelled()) {
    const int64_t since = (now_ns - own.asked_ns) / base::kNsPerSecond;
    return {nullptr, describe(own.job->ask()) + ", begun " + std::to_string(since) + " s ago"};
  }
  if (!thread_.joinable()) thread_ = base::start_thread("or-pprof", [this] { work(); });
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
    const bool drained = drain();
    lock.lock();
    if (!stopping_) woken_.wait_for(lock, patience(any, drained));
  }
  cpu_.reset();
}

std::chrono::milliseconds Profiler::patience(bool any_job, bool drained) {
  wait_ = any_job || drained
              ? kLookEvery
              : std::clamp<std::chrono::milliseconds>(2 * wait_, kLookEvery, kLookMax);
  return wait_;
}

bool Profiler::drain(const std::function<void(const segment::Sample&)>& take_stack) {
  bool any = false;
  while (reader_.next(*sample_)) {
    any = true;
    switch (sample_->kind) {
      case segment::SampleKind::kCpu:
        if (cpu_ != nullptr) cpu_->take(*sample_);
        break;
      case segment::SampleKind::kStack:
        if (take_stack) take_stack(*sample_);
        break;
      case segment::SampleKind::kHeap:
        if (Unwinder* const unwinder = book_unwinder()) heap_->add(*sample_, *unwinder);
        break;
      case segment::SampleKind::kWait:
        if (Unwinder* const unwinder = book_unwinder()) waits_->add(*sample_, *unwinder);
        break;
    }
  }
  return any;
}

Book& Profiler::book(Kind kind) {
  if (kind == Kind::kMutex || kind == Kind::kBlock) return *waits_;
  return *heap_;
}

Unwinder* Profiler::book_unwinder() {
  const int64_t now_ns = base::monotonic_ns();
  if (book_unwinder_ == nullptr && now_ns - book_unwinder_tried_ns_ > kUnwinderTryEveryNs) {
    book_unwinder_tried_ns_ = now_ns;
    auto opened = Unwinder::of_process(parts_.service_pid);
    if (opened.ok()) book_unwinder_ = std::move(*opened);
  }
  return book_unwinder_.get();
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
  if (result && job == cpu_job_) {
    cpu_.reset();
    cpu_job_.reset();
  }
  lock.lock();
  if (!result) return;
  job->finish(std::move(*result));
  if (slot.job == job) slot.job.reset();
}

std::optional<Result<std::string>> Profiler::advance(const std::shared_ptr<Job>& job) {
  const Ask& ask = job->ask();
  switch (ask.kind) {
    case Kind::kCpu: return advance_cpu(job);
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
  BookLook& look = book_looks_[static_cast<size_t>(job->ask().kind)];
  if (job->cancelled()) return failed("cancelled");
  drain();
  if (look.job != job)
    look = {job, std::make_unique<BookSession>(book(job->ask().kind), job->ask())};
  std::optional<Result<std::string>> result = look.session->turn(book_unwinder());
  if (result) look = {};
  return result;
}

std::optional<Result<std::string>> Profiler::advance_cpu(const std::shared_ptr<Job>& job) {
  if (cpu_job_ != job) cpu_.reset();  // the one before was cancelled
  cpu_job_ = job;
  if (job->cancelled()) return failed("cancelled");
  Result<void> going;
  if (cpu_ == nullptr) {
    cpu_ = std::make_unique<CpuSession>(parts_, job->ask(), [this] { drain(); });
    going = cpu_->begin();
  } else {
    going = cpu_->turn();
    if (going.ok() && cpu_->over()) return cpu_->finish();
  }
  if (!going.ok()) return going.error();
  return {};
}

}  // namespace outrigger::pprof
