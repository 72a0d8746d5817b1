// A service that makes as many metrics as it is asked for, of the shapes that CloudWatch's limits are
// about, or lets an attacker choose dimensions.
#include <cmath>
#include <limits>
#include <random>
#include <thread>

#include "outrigger/outrigger.h"

using namespace outrigger;

OUTRIGGER_METRICS_BUDGET(.series = 20'000);

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

// The longest name, and as many and as long dimensions as there may be.
void count_large(int counters) {
  std::vector<std::string> names, values;
  for (int d = 0; d < 20; ++d) {
    names.push_back(name_of('N', d, d == 0 ? 255 : 80));
    values.push_back(name_of('V', d, d == 0 ? 255 : 80));
  }
  std::vector<metrics::Dimension> dimensions;
  for (int d = 0; d < 20; ++d) dimensions.push_back({names[d], values[d]});
  for (int i = 0; i < counters; ++i)
    metrics::Maker::counter(name_of('L', i, 255), {.dimensions = dimensions}).add();
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

void attack(uint64_t values) {
  const auto family = metrics::counters("Attack", {"User"}, {.every = kEvery});
  std::mt19937_64 random(7);
  for (uint64_t i = 0; i < values; ++i) family.of(std::to_string(random())).add();
  log::info("attacked");
}

}  // namespace

int main(int argc, char** argv) {
  Service meter{{.name = "meter", .about = "Makes metrics."}};
  meter.system_metrics({.none = true});
  const auto counters = meter.option<int>("counters", {.otherwise = 0, .help = "so many"});
  const auto large = meter.option<int>("large", {.otherwise = 0, .help = "so many large ones"});
  const auto distinct = meter.option<int>("distinct", {.otherwise = 0, .help = "values"});
  const auto odd = meter.option<bool>("odd", {.help = "gauges with odd values"});
  const auto attacked = meter.option<uint64_t>("attack", {.otherwise = 0, .help = "values"});
  std::thread attacker;
  meter.on_start([&] {
    count(*counters);
    count_large(*large);
    observe(*distinct);
    if (*odd) set_odd_values();
    if (*attacked != 0) attacker = std::thread(attack, *attacked);
  });
  meter.on_stop([&] {
    if (attacker.joinable()) attacker.join();
  });
  return run(argc, argv, meter);
}
