#include "pprof/cpu_session.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>

#include "base/clock.h"
#include "base/fd.h"
#include "pprof/task_list.h"

namespace outrigger::pprof {
namespace {

using segment::Sample;
using segment::SampleRefusal;
using segment::SampleShare;

// How long the service gets to stop its timers; what comes later is not missed.
constexpr int64_t kStopPatienceNs = base::kNsPerSecond / 2;
// A program may load libraries again and again; its map is read at most this often.
constexpr int64_t kRefreshEveryNs = base::kNsPerSecond;
// No thread computes for so long between two ticks of a timer on its own clock.
constexpr uint64_t kWeightMaxNs = 60 * uint64_t{base::kNsPerSecond};
constexpr size_t kThreadNamesMax = 4096;

std::string decimal(double number) {
  char text[32];
  snprintf(text, sizeof(text), "%.1f", number);
  return text;
}

}  // namespace

CpuSession::CpuSession(const Profiler::Parts& parts, const Ask& ask, std::function<void()> drain)
    : parts_(parts), ask_(ask), drain_(std::move(drain)) {}

CpuSession::~CpuSession() {
  if (asked_) ask_for(0);
}

void CpuSession::ask_for(uint32_t hz) {
  SampleShare& share = segment::samples(parts_.view);
  share.cpu_hz.store(hz, std::memory_order_relaxed);
  // Release: pairs with the control thread's acquire.
  const uint32_t asked = share.asked.fetch_add(1, std::memory_order_release) + 1;
  if (hz != 0) asked_number_ = asked;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = write(parts_.service_bell, &one, sizeof(one));
  asked_ = hz != 0;
}

bool CpuSession::applied() const {
  const SampleShare& share = segment::samples(parts_.view);
  return share.applied.load(std::memory_order_acquire) ==
         share.asked.load(std::memory_order_relaxed);
}

Result<void> CpuSession::begin() {
  auto unwinder = Unwinder::of_process(parts_.service_pid);
  if (!unwinder.ok()) return unwinder.error();
  unwinder_ = std::move(*unwinder);
  dropped_before_ = segment::samples(parts_.view).dropped.load(std::memory_order_relaxed);
  began_ns_ = refreshed_ns_ = base::monotonic_ns();
  began_real_ns_ = base::real_ns();
  ask_for(ask_.hz);
  return {};
}

Result<void> CpuSession::turn() {
  if (!applied()) return {};
  switch (static_cast<SampleRefusal>(
      segment::samples(parts_.view).refusal.load(std::memory_order_relaxed))) {
    case SampleRefusal::kSignalTaken:
      return Error{ErrorKind::kUnavailable,
                   "the program handles SIGPROF itself, so its threads cannot be sampled",
                   {}};
    case SampleRefusal::kNoTimers:
      return Error{ErrorKind::kUnavailable,
                   "the kernel gave the service's threads no timers (timer_create): see ulimit -i",
                   {}};
    default: return {};
  }
}

bool CpuSession::over() const {
  if (parts_.view.supervision().service_ended.load(std::memory_order_relaxed) != 0) return true;
  return base::monotonic_ns() - began_ns_ >= ask_.seconds * base::kNsPerSecond;
}

Result<std::string> CpuSession::finish() {
  const int64_t duration_ns = base::monotonic_ns() - began_ns_;
  const bool was_applied = applied();
  ask_for(0);
  // What handlers have under way is taken too.
  const int64_t until_ns = base::monotonic_ns() + kStopPatienceNs;
  while (was_applied && !applied() && base::monotonic_ns() < until_ns) {
    drain_();
    const timespec moment{0, 1'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, nullptr);
  }
  drain_();
  ProfileHead head;
  head.values = {{"samples", "count"}, {"cpu", "nanoseconds"}};
  head.period_type = {"cpu", "nanoseconds"};
  head.period = base::kNsPerSecond / ask_.hz;
  head.time_ns = began_real_ns_;
  head.duration_ns = duration_ns;
  head.default_type = "cpu";
  head.labels = labels_;
  head.comments = comments(duration_ns);
  if (!was_applied && samples_ == 0) {
    return Error{ErrorKind::kUnavailable,
                 "the service did not take up the profile: it is stopped, or has not come to "
                 "run() or adopt()",
                 {}};
  }
  std::string out = ask_.form == Form::kText ? as_text(head, stacks_, *unwinder_)
                                             : encode(head, stacks_, *unwinder_);
  if (out.empty()) return failed("no memory for the profile");
  return out;
}

void CpuSession::take(const Sample& sample) {
  // Samples of a profile before this one may still lie in their cells.
  if (static_cast<int32_t>(sample.asked - asked_number_) < 0) return;
  if (unwinder_->module_at(sample.registers[segment::kPcRegister]) == nullptr) {
    const int64_t now_ns = base::monotonic_ns();
    if (now_ns - refreshed_ns_ > kRefreshEveryNs) {
      refreshed_ns_ = now_ns;
      if (!unwinder_->refresh().ok()) return;
    }
  }
  const auto weight_ns = static_cast<int64_t>(std::min(sample.weight_ns, kWeightMaxNs));
  complete_ += unwinder_->unwind(sample, addresses_);
  ++samples_;
  weight_ns_ += weight_ns;
  stacks_.add(addresses_, label_of(sample.thread_id), {1, weight_ns});
}

uint32_t CpuSession::label_of(int32_t thread_id) {
  if (const auto found = label_by_thread_.find(thread_id); found != label_by_thread_.end())
    return found->second;
  std::string name = task_name(parts_.service_pid, thread_id);
  if (label_by_name_.size() >= kThreadNamesMax) name.clear();
  const auto [at, is_new] = label_by_name_.try_emplace(name, static_cast<uint32_t>(labels_.size()));
  if (is_new) labels_.push_back(name);
  if (label_by_thread_.size() < kThreadNamesMax) label_by_thread_[thread_id] = at->second;
  return at->second;
}

std::vector<std::string> CpuSession::comments(int64_t duration_ns) const {
  const SampleShare& share = segment::samples(parts_.view);
  const double cpu_seconds = static_cast<double>(weight_ns_) / 1e9;
  const double samples = static_cast<double>(samples_);
  std::vector<std::string> all;
  all.push_back("CPU profile of " + decimal(static_cast<double>(duration_ns) / 1e9) +
                " s: " + std::to_string(samples_) + " samples of " + decimal(cpu_seconds) +
                " s of CPU time, " + decimal(cpu_seconds > 0 ? samples / cpu_seconds : 0) +
                " Hz (asked: " + std::to_string(ask_.hz) + ")");
  all.push_back(decimal(samples_ != 0 ? 100.0 * static_cast<double>(complete_) / samples : 100) +
                " % of the stacks reach their thread's start");
  const uint64_t dropped = share.dropped.load(std::memory_order_relaxed) - dropped_before_;
  if (dropped != 0)
    all.push_back(std::to_string(dropped) + " samples were dropped: the keeper was too slow");
  if (stacks_.refused() != 0)
    all.push_back(std::to_string(stacks_.refused()) + " samples left out: too many stacks");
  return all;
}

}  // namespace outrigger::pprof
