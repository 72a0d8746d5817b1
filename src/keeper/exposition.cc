#include "keeper/exposition.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string>

#include "outrigger/metric_unit.h"
#include "system/process.h"

namespace outrigger::keeper {
namespace {

using metrics::Unit;
using segment::MetricKind;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSecondBounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                    0.25,   0.5,   1,      2.5,   5,    10,    30};
constexpr double kByteBounds[] = {64,    256,    1024,    4096,     16384,
                                  65536, 262144, 1048576, 16777216, 268435456};
constexpr double kOtherBounds[] = {1,   2,   5,    10,   20,   50,    100,
                                   200, 500, 1000, 2000, 5000, 10000, 100000};

// In the unit of the metric.
std::vector<double> default_bounds(Unit unit) {
  std::span<const double> bounds = kOtherBounds;
  double factor = 1;
  switch (unit) {
    case Unit::kSeconds: bounds = kSecondBounds; break;
    case Unit::kMilliseconds: bounds = kSecondBounds, factor = 1e3; break;
    case Unit::kMicroseconds: bounds = kSecondBounds, factor = 1e6; break;
    case Unit::kBytes: bounds = kByteBounds; break;
    default: break;
  }
  std::vector<double> scaled(bounds.begin(), bounds.end());
  for (double& bound : scaled) bound *= factor;
  return scaled;
}

void fill_buckets(const segment::MetricSeries& series, uint64_t zeros,
                  const std::vector<const segment::MetricOctave*>& octaves, admin::Metric& metric) {
  std::vector<double> bounds =
      series.bounds.empty() ? default_bounds(static_cast<Unit>(series.unit)) : series.bounds;
  bounds.push_back(kInfinity);
  for (const double bound : bounds) metric.buckets.push_back({bound, 0});
  const auto add = [&](double value, uint64_t count) {
    const auto place = std::lower_bound(bounds.begin(), bounds.end(), value);
    metric.buckets[static_cast<size_t>(place - bounds.begin())].count += count;
  };
  add(0, zeros);
  for (const segment::MetricOctave* octave : octaves) {
    for (size_t b = 0; b < segment::kBlockBuckets; ++b) {
      if (octave->counts[b] != 0) add(segment::bucket_middle(octave->octave, b), octave->counts[b]);
    }
  }
  uint64_t below = 0;
  for (admin::Bucket& bucket : metric.buckets) bucket.count = below += bucket.count;
}

}  // namespace

std::vector<admin::Metric> exposed_metrics(const std::vector<segment::MetricSeries>& series,
                                           const segment::MetricValues& values) {
  std::map<uint32_t, std::vector<const segment::MetricOctave*>> octaves;
  for (const segment::MetricOctave& octave : values.octaves)
    octaves[octave.series].push_back(&octave);
  std::vector<admin::Metric> metrics;
  metrics.reserve(series.size());
  for (const segment::MetricSeries& each : series) {
    if (each.index >= values.cells.size()) continue;  // made since the values were read
    admin::Metric metric{
        each.name,       each.help, admin::MetricKind::kCounter,
        each.dimensions, 0,         std::string(metrics::unit_name(static_cast<Unit>(each.unit)))};
    const uint64_t cell = values.cells[each.index];
    if (each.kind == MetricKind::kCounter) {
      metric.value = static_cast<double>(cell);
    } else if (each.kind == MetricKind::kGauge) {
      metric.kind = admin::MetricKind::kGauge;
      metric.value = std::bit_cast<double>(cell);
      if (std::isnan(metric.value)) continue;
    } else {
      metric.kind = admin::MetricKind::kHistogram;
      metric.value = values.sums[each.index];
      fill_buckets(each, cell, octaves[each.index], metric);
    }
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

void add_system_metrics(const std::vector<system::Figure>& figures,
                        std::vector<admin::Metric>& metrics) {
  for (const system::Figure& figure : figures) {
    admin::Metric metric;
    metric.name = figure.metric.name;
    metric.help = figure.metric.help;
    metric.kind = figure.total ? admin::MetricKind::kCounter : admin::MetricKind::kGauge;
    metric.value = figure.total.value_or(figure.value);
    metric.unit = metrics::unit_name(figure.metric.unit);
    if (!figure.mount.empty()) metric.labels.emplace_back("Mount", figure.mount);
    metrics.push_back(std::move(metric));
  }
}

void add_process_metrics(int pid, std::vector<admin::Metric>& metrics) {
  const auto figures = system::read_process({}, pid);
  if (!figures) return;
  const auto add = [&](const char* name, const char* help, admin::MetricKind kind, double value) {
    metrics.push_back({name, help, kind, {}, value});
  };
  using admin::MetricKind;
  add("process_cpu_seconds", "Processor time of the service.", MetricKind::kCounter,
      figures->cpu_seconds);
  add("process_resident_memory_bytes", "Resident memory of the service.", MetricKind::kGauge,
      figures->resident_bytes);
  add("process_virtual_memory_bytes", "Address space of the service.", MetricKind::kGauge,
      figures->virtual_bytes);
  add("process_threads", "Threads of the service.", MetricKind::kGauge, figures->threads);
  add("process_start_time_seconds", "When the service's process began, since 1970.",
      MetricKind::kGauge, figures->started_s);
  if (figures->open_fds)
    add("process_open_fds", "Descriptors that the service has open.", MetricKind::kGauge,
        *figures->open_fds);
  if (figures->max_fds)
    add("process_max_fds", "Descriptors that the service may have.", MetricKind::kGauge,
        *figures->max_fds);
}

}  // namespace outrigger::keeper
