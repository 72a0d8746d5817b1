// The profiler behind the pages' interface.
#pragma once

#include <memory>
#include <string>

#include "admin/profiles.h"
#include "keeper/kept_profiles.h"
#include "pprof/profiler.h"

namespace outrigger::keeper {

class Profiles final : public admin::Profiles {
 public:
  explicit Profiles(const pprof::Profiler::Parts& parts)
      : service_pid_(parts.service_pid), profiler_(parts), kept_(profiler_) {}

  // At each turn of the keeper's loop.
  void watch_samples() { profiler_.watch_samples(); }

  // What is live on the heap, for the log; nullptr while another is taken by itself.
  std::shared_ptr<pprof::Job> begin_heap(pprof::Form form);

  // By the same: what the service's alarms watch; and whether it is passed, about once a second.
  void set_lines(const std::vector<ProfileLine>& lines) { kept_.set_lines(lines); }
  void look_at_lines(int64_t now_ns);

  Begun begin(const admin::ProfileAsk& ask) override;
  uint64_t count(admin::ProfileKind kind) override;
  std::vector<Kept> kept() override { return kept_.list(); }
  std::optional<std::string> kept_profile(uint64_t number) override { return kept_.get(number); }
  std::string command_line() override;

 private:
  const int service_pid_;
  pprof::Profiler profiler_;
  KeptProfiles kept_;
  int64_t lines_ns_ = 0;
};

}  // namespace outrigger::keeper
