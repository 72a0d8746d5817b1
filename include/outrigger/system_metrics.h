// What the keeper measures by itself: the machine or container, the service's process, its own.
//
// A service sends the ten that are marked ON and pays for ten metrics of CloudWatch, about $3.00 a
// month, however many instances it has: they carry the dimension `Environment` alone, and
// `Maximum` shows the worst instance. /metrics has all of them at no cost. One line of code changes
// what is sent:
//
//     hello.system_metrics({.also = {metrics::threads, metrics::keeper_memory},
//                           .without = {metrics::network_sent},
//                           .mounts = {"/data"}});
//
// "Of what there is" means the control group's limit (version 1 or 2) where one is set, and the
// machine otherwise. What a machine does not have (pressure on an old kernel, control groups) is not
// sent, and neither is a mount that is not there.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/metric_unit.h"

namespace outrigger::metrics {

// How the values of several minutes and instances make one: in alarms, unless they say otherwise.
enum class Statistic : uint8_t {
  kUnsaid,
  kAverage,
  kSum,
  kMinimum,
  kMaximum,
  kSamples,
  kPercentile
};

struct SystemMetric {
  std::string_view name;  // CloudWatch's; on /metrics in snake_case, in base units
  Unit unit;
  Statistic statistic;
  bool is_on;
  std::string_view help;

  friend constexpr bool operator==(const SystemMetric& a, const SystemMetric& b) {
    return a.name == b.name;
  }
};

// clang-format off
inline constexpr bool kOn = true, kOff = false;
// --- Processors
inline constexpr SystemMetric cpu_used_percent{"CpuUsed", Unit::kPercent, Statistic::kMaximum, kOn,
    "Processor time in use, of what there is."};
inline constexpr SystemMetric service_cpu_percent{"ServiceCpu", Unit::kPercent, Statistic::kMaximum, kOn,
    "Processor time of the service, of one processor."};
inline constexpr SystemMetric keeper_cpu_percent{"KeeperCpu", Unit::kPercent, Statistic::kMaximum, kOff,
    "Processor time of the keeper, of one processor."};
inline constexpr SystemMetric host_cpu_used_percent{"HostCpuUsed", Unit::kPercent, Statistic::kMaximum, kOff,
    "Processor time in use, of the whole machine."};
inline constexpr SystemMetric cpu_throttled_percent{"CpuThrottled", Unit::kPercent, Statistic::kMaximum, kOff,
    "Periods in which the control group had used up its processor time."};
inline constexpr SystemMetric cpu_pressure_percent{"CpuPressure", Unit::kPercent, Statistic::kMaximum, kOff,
    "Time in which something waited for a processor."};
inline constexpr SystemMetric load_average{"LoadAverage", Unit::kNone, Statistic::kMaximum, kOff,
    "The machine's load average of one minute."};
// --- Memory
inline constexpr SystemMetric memory_used_percent{"MemoryUsed", Unit::kPercent, Statistic::kMaximum, kOn,
    "Memory that cannot be taken back, of what there is."};
inline constexpr SystemMetric service_memory{"ServiceMemory", Unit::kBytes, Statistic::kMaximum, kOn,
    "Resident memory of the service."};
inline constexpr SystemMetric keeper_memory{"KeeperMemory", Unit::kBytes, Statistic::kMaximum, kOff,
    "Resident memory of the keeper."};
inline constexpr SystemMetric host_memory_used_percent{"HostMemoryUsed", Unit::kPercent, Statistic::kMaximum, kOff,
    "Memory that cannot be taken back, of the whole machine."};
inline constexpr SystemMetric memory_limit{"MemoryLimit", Unit::kBytes, Statistic::kMinimum, kOff,
    "How much memory there is."};
inline constexpr SystemMetric memory_pressure_percent{"MemoryPressure", Unit::kPercent, Statistic::kMaximum, kOff,
    "Time in which something waited for memory."};
inline constexpr SystemMetric oom_kills{"OomKills", Unit::kCount, Statistic::kSum, kOff,
    "Processes of the control group that were killed for want of memory."};
// --- Disks
inline constexpr SystemMetric disk_used_percent{"DiskUsed", Unit::kPercent, Statistic::kMaximum, kOn,
    "Space in use, of the root's file system and of each mount that is named."};
inline constexpr SystemMetric disk_inodes_used_percent{"DiskInodesUsed", Unit::kPercent, Statistic::kMaximum, kOff,
    "Inodes in use, likewise."};
inline constexpr SystemMetric disk_read{"DiskRead", Unit::kBytes, Statistic::kSum, kOff,
    "Read from disks."};
inline constexpr SystemMetric disk_written{"DiskWritten", Unit::kBytes, Statistic::kSum, kOff,
    "Written to disks."};
inline constexpr SystemMetric disk_pressure_percent{"DiskPressure", Unit::kPercent, Statistic::kMaximum, kOff,
    "Time in which something waited for a disk."};
// --- Network
inline constexpr SystemMetric network_received{"NetworkReceived", Unit::kBytes, Statistic::kSum, kOn,
    "Received by all interfaces but loopback."};
inline constexpr SystemMetric network_sent{"NetworkSent", Unit::kBytes, Statistic::kSum, kOn,
    "Sent by all interfaces but loopback."};
inline constexpr SystemMetric network_errors{"NetworkErrors", Unit::kCount, Statistic::kSum, kOff,
    "Packets that were in error or dropped, in both directions."};
// --- The service and its keeper
inline constexpr SystemMetric open_files_percent{"OpenFiles", Unit::kPercent, Statistic::kMaximum, kOn,
    "Descriptors that the service has open, of those that it may have."};
inline constexpr SystemMetric threads{"Threads", Unit::kCount, Statistic::kMaximum, kOff,
    "Threads of the service."};
inline constexpr SystemMetric context_switches{"ContextSwitches", Unit::kCount, Statistic::kSum, kOff,
    "Context switches of the service's threads that live."};
inline constexpr SystemMetric keeper_restarts{"KeeperRestarts", Unit::kCount, Statistic::kSum, kOff,
    "Times the keeper was started again."};
inline constexpr SystemMetric error_logs{"ErrorLogs", Unit::kCount, Statistic::kSum, kOn,
    "Log entries of the level ERROR or FATAL."};
inline constexpr SystemMetric healthy{"Healthy", Unit::kNone, Statistic::kMinimum, kOn,
    "1 while /health says pass or warn, 0 while it says fail."};
// clang-format on

inline constexpr std::array kSystemMetrics{
    cpu_used_percent,
    service_cpu_percent,
    keeper_cpu_percent,
    host_cpu_used_percent,
    cpu_throttled_percent,
    cpu_pressure_percent,
    load_average,
    memory_used_percent,
    service_memory,
    keeper_memory,
    host_memory_used_percent,
    memory_limit,
    memory_pressure_percent,
    oom_kills,
    disk_used_percent,
    disk_inodes_used_percent,
    disk_read,
    disk_written,
    disk_pressure_percent,
    network_received,
    network_sent,
    network_errors,
    open_files_percent,
    threads,
    context_switches,
    keeper_restarts,
    error_logs,
    healthy,
};

struct SystemOptions {
  std::vector<SystemMetric> also{};     // besides those that are ON
  std::vector<SystemMetric> without{};  // of those that are ON
  bool none = false;                    // but for `also`
  // Further file systems whose use is sent, by their paths: DiskUsed (and DiskInodesUsed) with the
  // dimension `Mount`, one more metric each. Up to 16.
  std::vector<std::string> mounts{};
};

}  // namespace outrigger::metrics
