// Where counters made by metrics::counter() have their cells: the segment's metric table once there
// is one, memory of the process's own until then.
#pragma once

#include "segment/layout.h"

namespace outrigger::metrics {

// Counters made from now on lie in this segment; an empty view ends that. The mapping must outlive
// the handles. Before other threads make counters.
void attach(segment::View view);

}  // namespace outrigger::metrics
