// One CPU profile, from asking the service for samples to the encoded answer. Used by one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "outrigger/result.h"
#include "pprof/profile.h"
#include "pprof/profiler.h"
#include "segment/sample_reader.h"

namespace outrigger::pprof {

class CpuSession {
 public:
  // `drain` reads what samples there are, and gives this the ones that are its own.
  CpuSession(const Profiler::Parts& parts, const Ask& ask, std::function<void()> drain);
  // Asks the service to stop, whatever came before.
  ~CpuSession();
  CpuSession(const CpuSession&) = delete;
  CpuSession& operator=(const CpuSession&) = delete;

  // Asks the service to begin.
  Result<void> begin();
  // An error when the service cannot do it.
  Result<void> turn();
  // The time is over, or the service has ended.
  bool over() const;
  Result<std::string> finish();

  // A sample of this profile.
  void take(const segment::Sample& sample);

 private:
  void ask_for(uint32_t hz);
  bool applied() const;
  uint32_t label_of(int32_t thread_id);
  std::vector<std::string> comments(int64_t duration_ns) const;

  const Profiler::Parts parts_;
  const Ask ask_;
  const std::function<void()> drain_;
  std::unique_ptr<Unwinder> unwinder_;
  Stacks stacks_;
  std::vector<uint64_t> addresses_;
  std::unordered_map<int32_t, uint32_t> label_by_thread_;
  std::unordered_map<std::string, uint32_t> label_by_name_;
  std::vector<std::string> labels_;
  bool asked_ = false;
  uint32_t asked_number_ = 0;
  int64_t began_ns_ = 0;       // CLOCK_MONOTONIC
  int64_t began_real_ns_ = 0;  // CLOCK_REALTIME
  int64_t refreshed_ns_ = 0;
  uint64_t samples_ = 0;
  uint64_t complete_ = 0;
  int64_t weight_ns_ = 0;
  uint64_t dropped_before_ = 0;
};

}  // namespace outrigger::pprof
