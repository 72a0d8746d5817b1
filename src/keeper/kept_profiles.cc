#include "keeper/kept_profiles.h"

#include <time.h>
#include <unistd.h>

#include <cmath>
#include <utility>

#include "base/clock.h"
#include "render/time_text.h"
#include "system/text.h"

namespace outrigger::keeper {
namespace {

constexpr double kArmedBelow = 0.9;  // of the line
constexpr int64_t kCpuOverNs = 60 * base::kNsPerSecond;
constexpr int64_t kAgainAfterNs = 600 * base::kNsPerSecond;

// "91 %", "812 MB".
std::string text_of(double value, metrics::Unit unit) {
  const bool bytes = unit == metrics::Unit::kBytes;
  return std::to_string(std::llround(bytes ? value / (1 << 20) : value)) + (bytes ? " MB" : " %");
}

std::string time_text(int64_t time_ns) {
  std::string text(render::TimeText::kBytes, '\0');
  render::TimeText().write(text.data(), time_ns);
  return text;
}

}  // namespace

system::Look load_of(pid_t service_pid, int64_t now_ns) {
  system::Look look;
  look.at_ns = now_ns;
  look.cpu = system::read_cpu({});
  look.memory = system::read_memory({});
  const std::string sizes = system::small_file("/proc/" + std::to_string(service_pid) + "/statm");
  clockid_t clock;
  if (sizes.empty() || clock_getcpuclockid(service_pid, &clock) != 0) return look;
  const std::vector<std::string_view> words = system::words_of(sizes);
  const double pages = words.size() < 2 ? 0 : system::leading_number(words[1]).value_or(0);
  look.service.emplace();
  look.service->resident_bytes = pages * static_cast<double>(sysconf(_SC_PAGESIZE));
  look.service->cpu_seconds = static_cast<double>(base::clock_ns(clock)) / 1e9;
  return look;
}

void KeptProfiles::set_lines(const std::vector<ProfileLine>& lines) {
  using metrics::Unit;
  for (const ProfileLine& each : lines) {
    const auto is = [&](const metrics::SystemMetric& metric) { return metric.name == each.metric; };
    if (is(metrics::memory_used_percent) || is(metrics::host_memory_used_percent))
      lines_.push_back({each, pprof::Kind::kHeap, "heap", Unit::kPercent});
    else if (is(metrics::service_memory))
      lines_.push_back({each, pprof::Kind::kHeap, "heap", Unit::kBytes});
    else if (is(metrics::cpu_used_percent) || is(metrics::host_cpu_used_percent) ||
             is(metrics::service_cpu_percent))
      lines_.push_back({each, pprof::Kind::kRecord, "cpu", Unit::kPercent});
  }
}

void KeptProfiles::look(system::Look now) {
  const int64_t now_ns = now.at_ns;
  for (Line& line : lines_) finish(line, now_ns);
  looks_.push_back(std::move(now));
  while (looks_.size() > 2 && now_ns - looks_[1].at_ns >= kCpuOverNs) looks_.pop_front();
  // A share of the time needs a whole minute.
  const bool is_minute = now_ns - looks_.front().at_ns >= kCpuOverNs;
  const auto figures = system::figures(is_minute ? &looks_.front() : nullptr, looks_.back());
  for (Line& line : lines_)
    for (const system::Figure& figure : figures)
      if (figure.metric.name == line.about.metric) look_at(line, now_ns, figure.value);
}

void KeptProfiles::look_at(Line& line, int64_t now_ns, double value) {
  if (value < kArmedBelow * line.about.above) line.armed = true;
  if (value <= line.about.above || !line.armed || line.job != nullptr) return;
  if (line.taken_ns != 0 && now_ns - line.taken_ns < kAgainAfterNs) return;
  pprof::Ask ask;
  ask.kind = line.kind;
  ask.by_itself = true;
  const bool of_cpu = line.kind == pprof::Kind::kRecord;
  ask.seconds = of_cpu ? kCpuOverNs / base::kNsPerSecond : 0;
  // Where another line has one of this kind under way: at the next look.
  line.job = profiler_.begin(ask).job;
  line.reason = line.about.alarm + ": " + line.about.metric + " at " + text_of(value, line.unit) +
                (of_cpu ? " for a minute" : "") + ", its line is " +
                text_of(line.about.above, line.unit);
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
