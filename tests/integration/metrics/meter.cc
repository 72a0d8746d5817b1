// A service that makes as many metrics as it is asked for, of the shapes that CloudWatch's limits are
// about.
#include <algorithm>
#include <cmath>
#include <limits>

#include "outrigger/outrigger.h"

using namespace outrigger;

// What many_test.cc computes the segment's size from.
OUTRIGGER_METRICS_BUDGET(.series = 100'000, .threads = 8);

namespace {

constexpr std::chrono::seconds kEvery{1};

// "C000017", filled up to `size`.
std::string name_of(char kind, int number, size_t size = 0) {
  std::string name = std::to_string(number);
  name = kind + std::string(6 - name.size(), '0') + name;
  if (name.size() < size) name.append(size - name.size(), 'x');
  return name;
}

void count(int counters) {
  for (int i = 0; i < counters; ++i)
    metrics::counter(name_of('C', i), {.every = kEvery}).add(static_cast<uint64_t>(i) + 1);
}

// Each has a dimension of the longest name and value and 19 long ones. `more` bytes are added to
// their names, which have 100 to begin with.
void count_large(int counters, size_t more) {
  std::vector<std::string> names, values;
  for (int d = 0; d < 20; ++d) {
    names.push_back(name_of('N', d, d == 0 ? 255 : 80));
    values.push_back(name_of('V', d, d == 0 ? 255 : 80));
  }
  std::vector<metrics::Dimension> dimensions;
  for (int d = 0; d < 20; ++d) dimensions.push_back({names[d], values[d]});
  for (int i = 0; i < counters; ++i) {
    const size_t here = std::min<size_t>(more, 155);
    more -= here;
    metrics::Maker::counter(name_of('L', i, 100 + here), {.dimensions = dimensions}).add();
  }
}

void count_wide(int dimensions) {
  std::vector<std::string> names;
  for (int d = 0; d < dimensions; ++d) names.push_back(name_of('D', d, 255));
  std::vector<metrics::Dimension> all;
  for (const std::string& name : names) all.push_back({name, name});
  metrics::Maker::counter("Wide", {.dimensions = all}).add();
}

// As many different values as that: each in a bucket of its own.
void observe(int distinct) {
  const auto histogram = metrics::histogram("Distinct", {.every = kEvery});
  for (int i = 0; i < distinct; ++i)
    histogram.observe(std::exp2(i / 64) * (1.0 + (i % 64 + 0.5) / 64));
}

void set_odd_values() {
  metrics::gauge("Largest", {.every = kEvery}).set(0x1p360);
  metrics::gauge("TooLarge", {.every = kEvery}).set(std::nextafter(0x1p360, 0x1p361));
  metrics::gauge("Smallest", {.every = kEvery}).set(-0x1p360);
  metrics::gauge("Infinite", {.every = kEvery}).set(std::numeric_limits<double>::infinity());
  metrics::gauge("None", {.every = kEvery}).set(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

int main(int argc, char** argv) {
  Service meter{{.name = "meter", .about = "Makes metrics."}};
  meter.system_metrics({.none = true});
  const auto counters = meter.option<int>("counters", {.otherwise = 0, .help = "so many"});
  const auto large = meter.option<int>("large", {.otherwise = 0, .help = "so many large ones"});
  const auto distinct = meter.option<int>("distinct", {.otherwise = 0, .help = "values"});
  const auto odd = meter.option<bool>("odd", {.help = "gauges with odd values"});
  const auto more = meter.option<uint64_t>("more", {.otherwise = 0, .help = "bytes in large ones"});
  const auto wide = meter.option<int>("wide", {.otherwise = 0, .help = "dimensions of one"});
  meter.on_start([&] {
    count(*counters);
    count_large(*large, *more);
    if (*distinct != 0) observe(*distinct);
    if (*odd) set_odd_values();
    if (*wide != 0) count_wide(*wide);
  });
  return run(argc, argv, meter);
}
