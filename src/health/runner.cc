#include "health/runner.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <memory>
#include <random>
#include <utility>

#include <pthread.h>

#include "base/clock.h"
#include "base/threads.h"

namespace outrigger::health {
namespace {

using std::chrono::milliseconds;

constexpr size_t kWorkersKept = 2;
constexpr milliseconds kBusyMax{
    50};  // a due check waits so long for a worker before another is started
constexpr milliseconds kFirstRunWithin{1000};
constexpr milliseconds kEndWithin{1000};  // of the destructor

}  // namespace

struct Runner::Shared {
  struct Check {
    Check(segment::HealthSlot& slot, std::string check_name, CheckOptions check_options,
          CheckFunction check_function)
        : options(check_options),
          function(std::move(check_function)),
          slot(slot, check_name, check_options) {}
    const CheckOptions options;
    const CheckFunction function;
    SlotWriter slot;  // touched by the one worker that runs the check
    Clock::time_point due{};
    bool waiting = false;  // in `queue`
    bool running = false;
    Clock::time_point began{};                 // of the run under way
    std::optional<CheckStatus> last_status{};  // of the last one
  };

  explicit Shared(segment::View segment_view) : view(segment_view) {}

  // The pacer's loop.
  void pace(const std::shared_ptr<Shared>& self);
  void work();
  void start_worker(const std::shared_ptr<Shared>& self);
  CheckStatus run_one(Check& check);
  Clock::time_point queue_what_is_due(Clock::time_point now);

  const segment::View view;
  std::mutex mutex;
  std::condition_variable pacer_wake;
  std::condition_variable worker_wake;
  std::condition_variable worker_ended;
  // Guarded by mutex.
  std::list<Check> checks;  // a list: workers hold references
  std::deque<Check*> queue;
  Clock::time_point queue_stuck_since{};  // since when the queue's front has waited
  size_t workers = 0;
  size_t idle = 0;
  bool ending = false;
};

Runner::Runner(segment::View view) : shared_(std::make_shared<Shared>(view)) {
  pacer_ = base::start_thread("or-checks", [shared = shared_] { shared->pace(shared); });
}

Runner::~Runner() { stop(kEndWithin); }

bool Runner::stop(milliseconds patience) {
  bool ended;
  {
    std::unique_lock lock(shared_->mutex);
    shared_->ending = true;
    shared_->queue.clear();
    shared_->pacer_wake.notify_all();
    shared_->worker_wake.notify_all();
    ended = shared_->worker_ended.wait_for(lock, patience, [&] { return shared_->workers == 0; });
  }
  if (pacer_.joinable()) pacer_.join();
  return ended;
}

bool Runner::add(std::string name, CheckOptions options, CheckFunction function) {
  Shared& all = *shared_;
  const std::lock_guard lock(all.mutex);
  const size_t index = all.checks.size();
  if (index >= segment::kChecks) return false;
  segment::HealthTable& table = all.view.health();
  Shared::Check& check =
      all.checks.emplace_back(table.slots[index], std::move(name), options, std::move(function));
  // Release: pairs with the keeper's acquire; the slot below the new count is filled in.
  table.used.store(static_cast<uint32_t>(index + 1), std::memory_order_release);
  check.due = Clock::now();
  if (!options.gates_readiness) {
    // Spread, so that the checks of a fleet that started together do not all knock at one database
    // together.
    thread_local std::minstd_rand random(std::random_device{}());
    check.due += milliseconds(
        random() % std::min(kFirstRunWithin, std::max(options.every, milliseconds(1))).count());
  }
  all.pacer_wake.notify_all();
  return true;
}

bool Runner::gates_pass() const {
  const std::lock_guard lock(shared_->mutex);
  const Clock::time_point now = Clock::now();
  return std::all_of(
      shared_->checks.begin(), shared_->checks.end(), [&](const Shared::Check& check) {
        const bool overdue = check.running && now - check.began > check.options.timeout;
        const bool open = check.last_status && *check.last_status != CheckStatus::kFail && !overdue;
        return open || !check.options.gates_readiness;
      });
}

// Returns when to look again.
Clock::time_point Runner::Shared::queue_what_is_due(Clock::time_point now) {
  Clock::time_point next = Clock::time_point::max();
  for (Check& check : checks) {
    if (check.waiting || check.running) continue;
    if (check.due > now) {
      next = std::min(next, check.due);
      continue;
    }
    check.waiting = true;
    if (queue.empty()) queue_stuck_since = now;
    queue.push_back(&check);
    worker_wake.notify_one();
  }
  return queue.empty() ? next : std::min(next, queue_stuck_since + kBusyMax);
}

void Runner::Shared::pace(const std::shared_ptr<Shared>& self) {
  std::unique_lock lock(mutex);
  while (!ending) {
    const Clock::time_point now = Clock::now();
    const Clock::time_point next = queue_what_is_due(now);
    const bool kept_are_missing = workers < kWorkersKept;
    const bool all_are_busy = now - queue_stuck_since >= kBusyMax && workers < checks.size();
    if (!queue.empty() && idle == 0 && (kept_are_missing || all_are_busy)) {
      start_worker(self);
      queue_stuck_since = now;
      continue;
    }
    if (next == Clock::time_point::max()) {
      pacer_wake.wait(lock);
    } else {
      pacer_wake.wait_until(lock, std::max(next, now + milliseconds(1)));
    }
  }
}

void Runner::Shared::start_worker(const std::shared_ptr<Shared>& self) {
  try {
    base::start_thread("or-check", [self] {
      self->work();
    }).detach();  // tidy: detach because the process may end while a check hangs
    ++workers;
    ++idle;
  } catch (const std::exception&) {
    // No thread to be had: the queue waits, and the next turn tries again.
  }
}

void Runner::Shared::work() {
  std::unique_lock lock(mutex);
  while (!ending) {
    if (queue.empty()) {
      if (workers > kWorkersKept) break;
      worker_wake.wait(lock);
      continue;
    }
    Check& check = *queue.front();
    queue.pop_front();
    queue_stuck_since = Clock::now();
    check.waiting = false;
    check.running = true;
    check.began = Clock::now();
    --idle;
    lock.unlock();
    const CheckStatus status = run_one(check);
    lock.lock();
    ++idle;
    check.last_status = status;
    check.running = false;
    check.due = next_due(check.options, check.due, Clock::now());
    pacer_wake.notify_all();
  }
  --workers;
  --idle;
  worker_ended.notify_all();
}

CheckStatus Runner::Shared::run_one(Check& check) {
  const int64_t started_ns = base::monotonic_ns();
  check.slot.started(started_ns);
  CheckResult result = result_of(check.function);
  const int64_t duration_ns = base::monotonic_ns() - started_ns;
  const std::chrono::nanoseconds took(duration_ns);
  if (is_overrun(check.options, took)) {
    view.service().check_overruns.fetch_add(1, std::memory_order_relaxed);
    result = timed_out(check.options, took);
  }
  check.slot.ended(result, base::real_ns(), duration_ns);
  return result.status;
}

}  // namespace outrigger::health
