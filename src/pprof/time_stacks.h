// Samples of threads' time, gathered by stack and labels: those of one profile, or of a while of the
// record. Used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "pprof/labels.h"
#include "pprof/profile.h"
#include "segment/sample_reader.h"

namespace outrigger::pprof {

class TimeStacks {
 public:
  explicit TimeStacks(int service_pid, size_t addresses_max = kStackAddressesMax)
      : service_pid_(service_pid), stacks_(addresses_max) {}

  void take(const segment::Sample& sample, Unwinder& unwinder);
  void add(const TimeStacks& other);

  const Stacks& stacks() const { return stacks_; }
  const std::vector<Labels>& labels() const { return labels_.all(); }
  uint64_t samples() const { return samples_; }
  int64_t weight_ns() const { return weight_ns_; }

  // Values, types and labels of a profile of these; the comments say how many there are of what time
  // ("CPU time") and how many are whole.
  ProfileHead head(const std::string& what, const std::string& type) const;

 private:
  const std::string& thread_name(int32_t thread_id);

  const int service_pid_;
  Stacks stacks_;
  LabelSets labels_;
  std::unordered_map<int32_t, std::string> names_;
  std::vector<uint64_t> addresses_;
  uint64_t samples_ = 0;
  uint64_t complete_ = 0;
  int64_t weight_ns_ = 0;
};

// With one decimal.
std::string decimal(double number);

}  // namespace outrigger::pprof
