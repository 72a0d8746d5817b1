#include "keeper/kept_profiles.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/clock.h"
#include "keeper/memory_limit.h"
#include "render/time_text.h"
#include "system/text.h"

namespace outrigger::keeper {
namespace {

constexpr double kLine = 0.9;
constexpr double kArmedBelow = 0.8;
constexpr int64_t kCpuOverNs = 60 * base::kNsPerSecond;
constexpr int64_t kAgainAfterNs = 600 * base::kNsPerSecond;

std::string percent(double share) { return std::to_string(static_cast<int>(100 * share)) + " %"; }

std::string time_text(int64_t time_ns) {
  std::string text(render::TimeText::kBytes, '\0');
  render::TimeText().write(text.data(), time_ns);
  return text;
}

}  // namespace

std::optional<Load> load_of(pid_t pid) {
  Load load;
  const std::string sizes = system::small_file("/proc/" + std::to_string(pid) + "/statm");
  const size_t blank = sizes.find(' ');
  uint64_t pages = 0;
  if (blank == std::string::npos ||
      std::from_chars(sizes.data() + blank + 1, sizes.data() + sizes.size(), pages).ec !=
          std::errc())
    return std::nullopt;
  load.memory_bytes = static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
  load.memory_limit_bytes = static_cast<double>(memory_limit_bytes());
  clockid_t clock;
  if (clock_getcpuclockid(pid, &clock) != 0) return std::nullopt;
  load.cpu_seconds = static_cast<double>(base::clock_ns(clock)) / 1e9;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(pid, sizeof(set), &set) == 0)
    load.processors = std::max(1, CPU_COUNT(&set));
  return load;
}

void KeptProfiles::look(int64_t now_ns, const Load& load) {
  finish(memory_, now_ns);
  finish(cpu_, now_ns);
  const double memory = load.memory_bytes / std::max(1.0, load.memory_limit_bytes);
  look_at(memory_, now_ns, memory,
          "memory at " + percent(memory) + " of what the service may have");
  readings_.push_back({now_ns, load.cpu_seconds});
  while (readings_.size() > 2 && now_ns - readings_[1].at_ns >= kCpuOverNs) readings_.pop_front();
  const int64_t over_ns = now_ns - readings_.front().at_ns;
  if (over_ns < kCpuOverNs) return;
  const double cpu = (load.cpu_seconds - readings_.front().cpu_seconds) /
                     (static_cast<double>(over_ns) / 1e9) / load.processors;
  look_at(cpu_, now_ns, cpu, "CPU at " + percent(cpu) + " of all processors for a minute");
}

void KeptProfiles::look_at(Line& line, int64_t now_ns, double share, const std::string& reason) {
  if (share < kArmedBelow) line.armed = true;
  if (share < kLine || !line.armed || line.job != nullptr) return;
  if (line.taken_ns != 0 && now_ns - line.taken_ns < kAgainAfterNs) return;
  pprof::Ask ask;
  ask.kind = line.kind;
  ask.seconds = line.kind == pprof::Kind::kRecord ? kCpuOverNs / base::kNsPerSecond : 0;
  // Where one of this kind is under way: at the next look.
  line.job = profiler_.begin(ask).job;
  line.reason = reason;
}

void KeptProfiles::finish(Line& line, int64_t now_ns) {
  if (line.job == nullptr) return;
  auto taken = line.job->take();
  if (!taken) return;
  line.job.reset();
  line.armed = false;
  line.taken_ns = now_ns;
  if (!taken->ok() || (*taken)->size() > kBytesMax) return;
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= kMax) kept_.pop_back();
  kept_.push_front(
      {{++number_, time_text(base::real_ns()), line.name, line.reason}, std::move(**taken)});
}

std::vector<admin::Profiles::Kept> KeptProfiles::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<admin::Profiles::Kept> list;
  for (const Profile& each : kept_) list.push_back(each.about);
  return list;
}

std::optional<std::string> KeptProfiles::get(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  for (const Profile& each : kept_)
    if (each.about.number == number) return each.bytes;
  return std::nullopt;
}

}  // namespace outrigger::keeper
