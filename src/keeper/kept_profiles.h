// Profiles that are taken by themselves when the service's memory or CPU passes a line, and kept in
// memory until newer ones need the room: what was going on can be asked afterwards.
//
//   memory   of the service at 90 % of what it may have: the heap profile
//   CPU      at 90 % of all processors over a minute: the record of that minute
//
// A line counts again once the figure has fallen below 80 %, and ten minutes have passed.
//
// look() belongs to one thread; list() and get() may be called from any.
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
#include "pprof/profiler.h"

namespace outrigger::keeper {

// What the service uses, and of how much.
struct Load {
  double memory_bytes = 0;
  double memory_limit_bytes = 0;
  double cpu_seconds = 0;  // since its start
  double processors = 1;
};
// None once it has ended.
std::optional<Load> load_of(pid_t pid);

class KeptProfiles {
 public:
  static constexpr size_t kMax = 6;
  static constexpr size_t kBytesMax = 4u << 20;

  explicit KeptProfiles(pprof::Profiler& profiler) : profiler_(profiler) {}

  // About once a second; CLOCK_MONOTONIC.
  void look(int64_t now_ns, const Load& load);

  std::vector<admin::Profiles::Kept> list() const;
  std::optional<std::string> get(uint64_t number) const;

 private:
  struct Line {
    pprof::Kind kind;
    const char* name;
    bool armed = true;
    int64_t taken_ns = 0;
    std::string reason;  // of the profile under way
    std::shared_ptr<pprof::Job> job;
  };
  void look_at(Line& line, int64_t now_ns, double share, const std::string& reason);
  void finish(Line& line, int64_t now_ns);

  pprof::Profiler& profiler_;
  Line memory_{pprof::Kind::kHeap, "heap", true, 0, {}, {}};
  Line cpu_{pprof::Kind::kRecord, "cpu", true, 0, {}, {}};
  // The CPU's time a while ago.
  struct Reading {
    int64_t at_ns;
    double cpu_seconds;
  };
  std::deque<Reading> readings_;

  struct Profile {
    admin::Profiles::Kept about;
    std::string bytes;
  };
  mutable std::mutex mutex_;  // guards all below
  std::deque<Profile> kept_;
  uint64_t number_ = 0;
};

}  // namespace outrigger::keeper
