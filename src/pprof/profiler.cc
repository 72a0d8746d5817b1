#include "pprof/profiler.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "base/threads.h"
#include "pprof/cpu_session.h"
#include "pprof/symbols.h"
#include "pprof/thread_stacks.h"

namespace outrigger::pprof {
namespace {

using namespace std::chrono_literals;

// Between two looks at the cells, of which there are enough for several hundred busy processors.
constexpr auto kLookEvery = 5ms;

}  // namespace

Profiler::Profiler(const Parts& parts) : parts_(parts) {}

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
    if (stopping_) break;
    const bool any = std::ranges::any_of(slots_, [](const Slot& s) { return s.job != nullptr; });
    any ? static_cast<void>(woken_.wait_for(lock, kLookEvery)) : woken_.wait(lock);
  }
  cpu_.reset();
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
    case Kind::kThreads: return take_thread_stacks(parts_, ask.form, cpu_.get());
    case Kind::kSymbols: break;
  }
  return name_addresses(parts_.service_pid, ask.addresses);
}

std::optional<Result<std::string>> Profiler::advance_cpu(const std::shared_ptr<Job>& job) {
  if (cpu_job_ != job) cpu_.reset();  // the one before was cancelled
  cpu_job_ = job;
  if (job->cancelled()) return failed("cancelled");
  Result<void> going;
  if (cpu_ == nullptr) {
    cpu_ = std::make_unique<CpuSession>(parts_, job->ask());
    going = cpu_->begin();
  } else {
    going = cpu_->turn();
    if (going.ok() && cpu_->over()) return cpu_->finish();
  }
  if (!going.ok()) return going.error();
  return {};
}

}  // namespace outrigger::pprof
