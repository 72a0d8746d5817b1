#include "system/cpu.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace outrigger::system {
namespace {

constexpr double kNsPerS = 1e9;
constexpr double kUsPerS = 1e6;

// How many processors the scheduler may put this process on: what a cpuset leaves.
double allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // More than 1,024 processors do not fit: then none are kept from us that we would know of.
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

std::optional<double> quota_in(const std::string& directory, Cgroup::Version version) {
  if (version == Cgroup::Version::k2) return quota_of(small_file(directory + "/cpu.max"));
  const auto quota = leading_number(small_file(directory + "/cpu.cfs_quota_us"));
  const auto period = leading_number(small_file(directory + "/cpu.cfs_period_us"));
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

std::optional<double> usage_in(const Cgroup& accounts, size_t level) {
  if (accounts.directories.empty()) return std::nullopt;
  const std::string& directory =
      accounts.directories[std::min(level, accounts.directories.size() - 1)];
  if (accounts.version == Cgroup::Version::k2) {
    const auto us = number_after(small_file(directory + "/cpu.stat"), "usage_usec");
    return us ? std::optional(*us / kUsPerS) : std::nullopt;
  }
  const auto ns = leading_number(small_file(directory + "/cpuacct.usage"));
  return ns ? std::optional(*ns / kNsPerS) : std::nullopt;
}

}  // namespace

std::optional<double> quota_of(std::string_view cpu_max) {
  const auto words = words_of(cpu_max.substr(0, cpu_max.find('\n')));
  if (words.size() < 2) return std::nullopt;
  const auto quota = leading_number(words[0]), period = leading_number(words[1]);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

void read_stat(std::string_view stat, Cpu& cpu) {
  const auto ticks_a_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  for (const std::string_view line : lines_of(stat)) {
    if (!line.starts_with("cpu")) break;
    const auto words = words_of(line);
    if (words[0] != "cpu") {
      cpu.host_processors += 1;
      continue;
    }
    // user nice system idle iowait irq softirq steal; guest time is within user's.
    std::array<double, 8> times{};
    for (size_t i = 0; i < times.size() && i + 1 < words.size(); ++i)
      times[i] = leading_number(words[i + 1]).value_or(0);
    if (words.size() < 5) break;
    double all = 0;
    for (const double each : times) all += each;
    cpu.host_all_s = all / ticks_a_second;
    cpu.host_busy_s = (all - times[3] - times[4]) / ticks_a_second;
  }
}

Cpu read_cpu(const Places& places) {
  Cpu cpu;
  read_stat(small_file(places.proc + "/stat"), cpu);
  const double allowed = allowed_processors();
  cpu.processors = cpu.host_processors;
  if (allowed > 0 && (cpu.processors == 0 || allowed < cpu.processors)) cpu.processors = allowed;
  const Cgroup group = find_cgroup(places, "cpu");
  size_t level = 0;
  for (size_t i = 0; i < group.directories.size(); ++i) {
    const auto quota = quota_in(group.directories[i], group.version);
    if (!quota || *quota >= cpu.processors) continue;
    cpu.processors = *quota;
    level = i;
    const std::string stat = small_file(group.directories[i] + "/cpu.stat");
    cpu.periods = number_after(stat, "nr_periods");
    cpu.throttled_periods = number_after(stat, "nr_throttled");
  }
  if (cpu.processors < cpu.host_processors)
    cpu.group_s = usage_in(
        group.version == Cgroup::Version::k1 ? find_cgroup(places, "cpuacct") : group, level);
  cpu.load = leading_number(small_file(places.proc + "/loadavg"));
  if (group.version == Cgroup::Version::k2 && !group.directories.empty())
    cpu.pressure_us = pressure_us(small_file(group.directories.front() + "/cpu.pressure"));
  if (!cpu.pressure_us) cpu.pressure_us = pressure_us(small_file(places.proc + "/pressure/cpu"));
  return cpu;
}

}  // namespace outrigger::system
