#include "system/figures.h"

#include <algorithm>
#include <cmath>

namespace outrigger::system {
namespace {

using metrics::SystemMetric;
using Number = std::optional<double>;

constexpr double kAll = 100;
constexpr double kNsPerS = 1e9;
constexpr double kUsPerS = 1e6;

class Figures {
 public:
  explicit Figures(double seconds) : seconds_(seconds) {}

  void gauge(const SystemMetric& metric, Number value, std::string mount = {}) {
    if (value && std::isfinite(*value)) list_.push_back({metric, std::move(mount), *value, {}});
  }
  // What went back was counted anew: by another group, after a restart.
  void counted(const SystemMetric& metric, Number before, Number now) {
    if (now && before) list_.push_back({metric, {}, std::max(0.0, *now - *before), *now});
  }
  // How much of `there` was used, both growing.
  void share(const SystemMetric& metric, Number used_before, Number used, Number there_before,
             Number there) {
    if (!used_before || !used || !there_before || !there || *there <= *there_before) return;
    const double part = (*used - *used_before) / (*there - *there_before);
    gauge(metric, std::clamp(part, 0.0, 1.0) * kAll);
  }
  // Seconds of processors, of `processors` of them.
  void cpu(const SystemMetric& metric, Number before_s, Number now_s, double processors) {
    if (!before_s || !now_s || processors <= 0 || seconds_ <= 0) return;
    gauge(metric, std::max(0.0, *now_s - *before_s) / (seconds_ * processors) * kAll);
  }
  void pressure(const SystemMetric& metric, Number before_us, Number now_us) {
    if (!before_us || !now_us || seconds_ <= 0) return;
    gauge(metric, std::clamp((*now_us - *before_us) / kUsPerS / seconds_, 0.0, 1.0) * kAll);
  }
  static Number percent(Number part, Number whole) {
    if (!part || !whole || *whole <= 0) return std::nullopt;
    return *part / *whole * kAll;
  }
  std::vector<Figure> take() { return std::move(list_); }

 private:
  const double seconds_;
  std::vector<Figure> list_;
};

template <typename Of>
Number of(const std::optional<Process>& process, Of member) {
  return process ? Number(process.value().*member) : std::nullopt;
}
Number of(const std::optional<Network>& network, double Network::*member) {
  return network ? Number(network.value().*member) : std::nullopt;
}

void add_cpu(const Look& before, const Look& now, Figures& all) {
  if (now.cpu.group_s) {
    all.cpu(metrics::cpu_used_percent, before.cpu.group_s, now.cpu.group_s, now.cpu.processors);
  } else {
    all.share(metrics::cpu_used_percent, before.cpu.host_busy_s, now.cpu.host_busy_s,
              before.cpu.host_all_s, now.cpu.host_all_s);
  }
  all.cpu(metrics::service_cpu_percent, of(before.service, &Process::cpu_seconds),
          of(now.service, &Process::cpu_seconds), 1);
  all.cpu(metrics::keeper_cpu_percent, of(before.keeper, &Process::cpu_seconds),
          of(now.keeper, &Process::cpu_seconds), 1);
  all.share(metrics::host_cpu_used_percent, before.cpu.host_busy_s, now.cpu.host_busy_s,
            before.cpu.host_all_s, now.cpu.host_all_s);
  all.share(metrics::cpu_throttled_percent, before.cpu.throttled_periods, now.cpu.throttled_periods,
            before.cpu.periods, now.cpu.periods);
  all.pressure(metrics::cpu_pressure_percent, before.cpu.pressure_us, now.cpu.pressure_us);
  all.pressure(metrics::memory_pressure_percent, before.memory.pressure_us, now.memory.pressure_us);
  all.pressure(metrics::disk_pressure_percent, before.disk.pressure_us, now.disk.pressure_us);
}

void add_counted(const Look& before, const Look& now, Figures& all) {
  all.counted(metrics::oom_kills, before.memory.oom_kills, now.memory.oom_kills);
  all.counted(metrics::disk_read, before.disk.read_bytes, now.disk.read_bytes);
  all.counted(metrics::disk_written, before.disk.written_bytes, now.disk.written_bytes);
  all.counted(metrics::network_received, of(before.network, &Network::received_bytes),
              of(now.network, &Network::received_bytes));
  all.counted(metrics::network_sent, of(before.network, &Network::sent_bytes),
              of(now.network, &Network::sent_bytes));
  all.counted(metrics::network_errors, of(before.network, &Network::errors),
              of(now.network, &Network::errors));
  all.counted(metrics::context_switches, of(before.service, &Process::context_switches),
              of(now.service, &Process::context_switches));
}

void add_gauges(const Look& now, Figures& all) {
  all.gauge(metrics::load_average, now.cpu.load);
  all.gauge(metrics::memory_used_percent,
            Figures::percent(now.memory.used_bytes, now.memory.limit_bytes));
  all.gauge(metrics::service_memory, of(now.service, &Process::resident_bytes));
  all.gauge(metrics::keeper_memory, of(now.keeper, &Process::resident_bytes));
  all.gauge(metrics::host_memory_used_percent,
            Figures::percent(now.memory.host_used_bytes, now.memory.host_bytes));
  all.gauge(metrics::memory_limit, now.memory.limit_bytes);
  for (const FileSystem& each : now.disk.file_systems) {
    const std::string mount = each.mount == "/" ? "" : each.mount;
    all.gauge(metrics::disk_used_percent, each.used_percent, mount);
    all.gauge(metrics::disk_inodes_used_percent, each.inodes_used_percent, mount);
  }
  if (now.service)
    all.gauge(metrics::open_files_percent,
              Figures::percent(now.service->open_fds, now.service->max_fds));
  all.gauge(metrics::threads, of(now.service, &Process::threads));
}

}  // namespace

Look look(const Subject& subject, int64_t now_ns) {
  std::vector<std::string> mounts{"/"};
  mounts.insert(mounts.end(), subject.mounts.begin(), subject.mounts.end());
  Look look;
  look.at_ns = now_ns;
  look.cpu = read_cpu(subject.places);
  look.memory = read_memory(subject.places);
  look.disk = read_disk(subject.places, mounts);
  look.network = read_network(subject.places, subject.keeper_pid);
  look.service = read_process(subject.places, subject.service_pid);
  look.keeper = read_process(subject.places, subject.keeper_pid);
  return look;
}

std::vector<Figure> figures(const Look* before, const Look& now) {
  Figures all(before == nullptr ? 0 : static_cast<double>(now.at_ns - before->at_ns) / kNsPerS);
  if (before != nullptr) {
    add_cpu(*before, now, all);
    add_counted(*before, now, all);
  }
  add_gauges(now, all);
  return all.take();
}

}  // namespace outrigger::system
