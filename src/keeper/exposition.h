// The service's metrics as /metrics shows them, and those of its process.
#pragma once

#include <vector>

#include "admin/report.h"
#include "segment/metric_reader.h"
#include "system/figures.h"

namespace outrigger::keeper {

// A gauge that was never set is left out. A bucket of /metrics counts the values whose bucket in the
// segment has its middle below the bound: right but for those within 0.8 % of it.
std::vector<admin::Metric> exposed_metrics(const std::vector<segment::MetricSeries>& series,
                                           const segment::MetricValues& values);

// The machine's, under the names of outrigger/system_metrics.h.
void add_system_metrics(const std::vector<system::Figure>& figures,
                        std::vector<admin::Metric>& metrics);

// What Prometheus's clients show of a process, from /proc. Nothing once it has ended.
void add_process_metrics(int pid, std::vector<admin::Metric>& metrics);

}  // namespace outrigger::keeper
