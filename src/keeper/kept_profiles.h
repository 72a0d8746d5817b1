// Profiles that are taken by themselves when memory or CPU passes the line of an alarm of the service
// (outrigger/alarm.h), and kept in memory until newer ones need the room: what was going on can be
// asked afterwards.
//
//   memory   MemoryUsed, ServiceMemory, HostMemoryUsed: as soon as it is beyond, the heap profile
//   CPU      CpuUsed, ServiceCpu, HostCpuUsed: beyond it over a minute, the record of that minute
//
// A line counts again once the figure has fallen below nine tenths of it, and ten minutes have
// passed.
//
// set_lines() and look() belong to one thread; list() and get() may be called from any.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/profiles.h"
#include "keeper/declarations.h"
#include "pprof/profiler.h"
#include "system/figures.h"

namespace outrigger::keeper {

// What the lines are about, and nothing else of a look: a few small files.
system::Look load_of(pid_t service_pid, int64_t now_ns);

class KeptProfiles {
 public:
  static constexpr size_t kMax = 6;
  static constexpr size_t kBytesMax = 4u << 20;

  explicit KeptProfiles(pprof::Profiler& profiler) : profiler_(profiler) {}

  // Those about other metrics have no profile, and are passed over.
  void set_lines(const std::vector<ProfileLine>& lines);
  bool has_lines() const { return !lines_.empty(); }
  // Every few seconds.
  void look(system::Look now);

  std::vector<admin::Profiles::Kept> list() const;
  std::optional<std::string> get(uint64_t number) const;

 private:
  struct Line {
    ProfileLine about;
    pprof::Kind kind;
    const char* name;
    metrics::Unit unit;
    bool armed = true;
    int64_t taken_ns = 0;
    std::string reason{};  // of the profile under way
    std::shared_ptr<pprof::Job> job{};
  };
  void look_at(Line& line, int64_t now_ns, double value);
  void finish(Line& line, int64_t now_ns);

  pprof::Profiler& profiler_;
  std::vector<Line> lines_;
  std::deque<system::Look> looks_;  // of the last minute

  struct Profile {
    admin::Profiles::Kept about;
    std::string bytes;
  };
  mutable std::mutex mutex_;  // guards all below
  std::deque<Profile> kept_;
  uint64_t number_ = 0;
};

}  // namespace outrigger::keeper
