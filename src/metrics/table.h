// Where metrics have their cells: the segment once there is one, memory of the process's own until
// then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "segment/layout.h"

namespace outrigger::metrics {

// Metrics made from now on lie in this segment; an empty view ends that. The mapping must outlive
// the handles. Before other threads make metrics. Cheap: it touches nothing yet.
void attach(segment::View view);

// By name, of all metrics that have their cells in memory of the process's own, for tests: counters'
// values and histograms' counts, summed over dimensions. Empty while there is a segment.
std::map<std::string, uint64_t, std::less<>> own_values();
// Likewise gauges' values, without dimensions.
std::map<std::string, double, std::less<>> own_gauges();

}  // namespace outrigger::metrics
