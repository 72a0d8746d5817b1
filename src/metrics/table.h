// Where counters made by metrics::counter() have their cells: the segment's metric table once there
// is one, memory of the process's own until then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "segment/layout.h"

namespace outrigger::metrics {

// Counters made from now on lie in this segment; an empty view ends that. The mapping must outlive
// the handles. Before other threads make counters.
void attach(segment::View view);

// Of all counters that have their cells in memory of the process's own, for tests.
std::map<std::string, uint64_t, std::less<>> own_values();

}  // namespace outrigger::metrics
