// How a metric of CloudWatch is called for scrapers: a fixed mapping, so that dashboards last.
#pragma once

#include <string>
#include <string_view>

namespace outrigger::admin {

struct ExposedName {
  std::string family;  // without "_total"
  double factor = 1;   // a value in the metric's unit times this is in the exposed one
};

// "ProbeFailures" is probe_failures; "ProbeTime" in Milliseconds is probe_time_seconds, and its
// values are divided by 1,000; "MemoryUsed" in Percent is memory_used_ratio. Units become base
// units: seconds, bytes, ratio; a rate ends in _per_second. A unit that the name ends in already is
// not said twice.
ExposedName exposed_name(std::string_view name, std::string_view unit);

// Of a label.
std::string exposed_label(std::string_view name);

}  // namespace outrigger::admin
