#include "pprof/time_stacks.h"

#include <stdio.h>

#include <algorithm>

#include "base/clock.h"
#include "pprof/task_list.h"

namespace outrigger::pprof {
namespace {

// No thread computes for so long between two ticks of a timer on its own clock.
constexpr uint64_t kWeightMaxNs = 60 * uint64_t{base::kNsPerSecond};
constexpr size_t kThreadNamesMax = 4096;
constexpr const char* kThreadKey = "thread";

}  // namespace

std::string decimal(double number) {
  char text[32];
  snprintf(text, sizeof(text), "%.1f", number);
  return text;
}

void TimeStacks::take(const segment::Sample& sample, Unwinder& unwinder) {
  const auto weight_ns = static_cast<int64_t>(std::min(sample.weight_ns, kWeightMaxNs));
  complete_ += unwinder.unwind(sample, addresses_);
  ++samples_;
  weight_ns_ += weight_ns;
  Labels labels = labels_of(sample);
  std::erase_if(labels, [](const auto& each) { return each.first == kThreadKey; });
  if (const std::string& name = thread_name(sample.thread_id); !name.empty())
    labels.emplace(labels.begin(), kThreadKey, name);
  stacks_.add(addresses_, labels_.add(labels), {1, weight_ns});
}

void TimeStacks::add(const TimeStacks& other) {
  for (const Stacks::Stack& stack : other.stacks_.all())
    stacks_.add(other.stacks_.addresses(stack), labels_.add(other.labels()[stack.label]),
                stack.values);
  samples_ += other.samples_;
  complete_ += other.complete_;
  weight_ns_ += other.weight_ns_;
}

const std::string& TimeStacks::thread_name(int32_t thread_id) {
  static const std::string kNone;
  if (const auto known = names_.find(thread_id); known != names_.end()) return known->second;
  if (names_.size() >= kThreadNamesMax) return kNone;
  return names_[thread_id] = task_name(service_pid_, thread_id);
}

ProfileHead TimeStacks::head(const std::string& what, const std::string& type) const {
  ProfileHead head;
  head.values = {{"samples", "count"}, {type, "nanoseconds"}};
  head.period_type = {type, "nanoseconds"};
  head.default_type = type;
  head.labels = labels();
  const double seconds = static_cast<double>(weight_ns_) / 1e9;
  const auto samples = static_cast<double>(samples_);
  head.comments.push_back(std::to_string(samples_) + " samples of " + decimal(seconds) + " s of " +
                          what + ", " + decimal(seconds > 0 ? samples / seconds : 0) + " Hz");
  head.comments.push_back(
      decimal(samples_ != 0 ? 100.0 * static_cast<double>(complete_) / samples : 100) +
      " % of the stacks reach their thread's start");
  if (stacks_.refused() != 0)
    head.comments.push_back(std::to_string(stacks_.refused()) +
                            " samples left out: too many stacks");
  if (labels_.refused() != 0)
    head.comments.push_back(std::to_string(labels_.refused()) +
                            " samples without their labels: too many different ones");
  return head;
}

}  // namespace outrigger::pprof
