// What the strict emulator was posted of metrics.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator.h"

namespace outrigger::whole {

// "sum" or "count" of all that came under a key: namespace, name, and dimensions, "shop Orders
// Environment=local". -1 when nothing came.
inline double posted(const test::Emulator& emulator, const std::string& key,
                     const std::string& what) {
  const std::string report = emulator.report();
  const size_t at = report.find("\"" + key + "\":");
  const size_t number = report.find("\"" + what + "\":", at);
  if (at == std::string::npos || number == std::string::npos) return -1;
  return strtod(report.c_str() + number + what.size() + 3, nullptr);
}

// The sum of the `count` largest values of a counter that came: what so many datums that were sent
// again can have added at most.
inline double largest_values(const test::Emulator& emulator, const std::string& metric,
                             int64_t count) {
  const std::string report = emulator.report();
  const std::string name = "\"MetricName\":\"" + metric + "\"", value = "\"Value\":";
  std::vector<double> values;
  for (size_t at = report.find(name); at != std::string::npos; at = report.find(name, at)) {
    // A dimension's value is a text.
    do at = report.find(value, at) + value.size();
    while (at != std::string::npos && report[at] == '"');
    values.push_back(strtod(report.c_str() + at, nullptr));
  }
  std::sort(values.begin(), values.end(), std::greater<>());
  double sum = 0;
  for (size_t i = 0; i < values.size() && static_cast<int64_t>(i) < count; ++i) sum += values[i];
  return sum;
}

}  // namespace outrigger::whole
