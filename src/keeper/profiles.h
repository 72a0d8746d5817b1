// The profiler behind the pages' interface.
#pragma once

#include <memory>
#include <string>

#include "admin/profiles.h"
#include "pprof/profiler.h"

namespace outrigger::keeper {

class Profiles final : public admin::Profiles {
 public:
  explicit Profiles(const pprof::Profiler::Parts& parts)
      : service_pid_(parts.service_pid), profiler_(parts) {}

  // At each turn of the keeper's loop.
  void watch_samples() { profiler_.watch_samples(); }

  // What is live on the heap, for the log; nullptr while a heap profile is under way already.
  std::shared_ptr<pprof::Job> begin_heap(pprof::Form form);

  Begun begin(const admin::ProfileAsk& ask) override;
  std::string command_line() override;

 private:
  const int service_pid_;
  pprof::Profiler profiler_;
};

}  // namespace outrigger::keeper
