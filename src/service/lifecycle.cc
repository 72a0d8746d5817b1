#include "service/lifecycle.h"

#include <algorithm>

#include "base/clock.h"

namespace outrigger::service {

using namespace std::chrono_literals;

milliseconds flush_share(milliseconds stop_budget) {
  return std::min<milliseconds>(5s, stop_budget / 5);
}

void Lifecycle::attach(segment::View view) {
  const std::lock_guard lock(mutex_);
  view_ = view;
  view_.service().phase.store(static_cast<uint32_t>(phase_), std::memory_order_relaxed);
}

// The mutex is held.
void Lifecycle::enter(Phase phase) {
  phase_ = phase;
  // Relaxed: the phase stands for itself, nothing else is read on its strength.
  if (view_) view_.service().phase.store(static_cast<uint32_t>(phase), std::memory_order_relaxed);
  changed_.notify_all();
}

bool Lifecycle::begin() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kBorn) return false;
  if (view_) view_.service().started_real_ns.store(base::real_ns(), std::memory_order_relaxed);
  enter(Phase::kStarting);
  return true;
}

bool Lifecycle::ready() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kStarting) enter(Phase::kRunning);
  return phase_ == Phase::kRunning;
}

void Lifecycle::exiting() {
  const std::lock_guard lock(mutex_);
  enter(Phase::kExiting);
}

bool Lifecycle::drain(milliseconds budget) {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kBorn) return false;
  deadline_ = std::min(deadline_, Clock::now() + (budget - flush_share(budget)));
  if (phase_ < Phase::kDraining) enter(Phase::kDraining);
  changed_.notify_all();
  return true;
}

void Lifecycle::hurry() {
  const std::lock_guard lock(mutex_);
  hurried_ = true;
  deadline_ = std::min(deadline_, Clock::now());
  changed_.notify_all();
}

Phase Lifecycle::phase() const {
  const std::lock_guard lock(mutex_);
  return phase_;
}

bool Lifecycle::is_ready() const {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::kRunning && (!gates_ || gates_());
}

void Lifecycle::set_gates(std::function<bool()> are_open) {
  const std::lock_guard lock(mutex_);
  gates_ = std::move(are_open);
  changed_.notify_all();
}

void Lifecycle::wait_for_phase_other_than(Phase phase, const std::atomic<bool>& ending,
                                          milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [&] { return phase_ != phase || ending.load(); });
}

void Lifecycle::wait_for_drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return phase_ >= Phase::kDraining; });
}

void Lifecycle::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  const Clock::time_point end = Clock::now() + time;
  // The deadline may come nearer while this sleeps.
  while (!hurried_) {
    const Clock::time_point until = std::min(end, deadline_);
    if (Clock::now() >= until) break;
    changed_.wait_until(lock, until);
  }
}

void Lifecycle::wait_for_hurry(const std::atomic<bool>& done) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return hurried_ || done.load(); });
}

void Lifecycle::look_again() {
  // The lock, so that nobody is between asking and waiting.
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

Deadline Lifecycle::deadline() const {
  const std::lock_guard lock(mutex_);
  return deadline_;
}

void Lifecycle::add(internal::StartHook hook) {
  const std::lock_guard lock(mutex_);
  start_hooks_.push_back(std::move(hook));
}
void Lifecycle::add(internal::DrainHook hook) {
  const std::lock_guard lock(mutex_);
  drain_hooks_.push_back(std::move(hook));
}
void Lifecycle::add(internal::StopHook hook) {
  const std::lock_guard lock(mutex_);
  stop_hooks_.push_back(std::move(hook));
}
std::vector<internal::StartHook> Lifecycle::start_hooks() const {
  const std::lock_guard lock(mutex_);
  return start_hooks_;
}
std::vector<internal::DrainHook> Lifecycle::drain_hooks() const {
  const std::lock_guard lock(mutex_);
  return drain_hooks_;
}
std::vector<internal::StopHook> Lifecycle::stop_hooks() const {
  const std::lock_guard lock(mutex_);
  return stop_hooks_;
}

Lifecycle& life() {
  static Lifecycle* const it = new Lifecycle;
  return *it;
}

}  // namespace outrigger::service

namespace outrigger::internal {

void add_start_hook(StartHook hook) { service::life().add(std::move(hook)); }
void add_drain_hook(DrainHook hook) { service::life().add(std::move(hook)); }
void add_stop_hook(StopHook hook) { service::life().add(std::move(hook)); }

}  // namespace outrigger::internal
