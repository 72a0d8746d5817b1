// Collections of a thousand counters that all have grown, one for each thousand "calls": what one
// counter costs the keeper each time.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "keeper/metric_collector.h"
#include "metrics/table.h"
#include "outrigger/metrics.h"
#include "segment/mapping.h"

int main(int, char** argv) {
  using namespace outrigger;
  constexpr int kCounters = 1'000;
  char why[256];
  const int segment = segment::create(why, sizeof(why));
  const segment::View view(segment::map(segment));
  if (!view) return 1;
  metrics::attach(view);
  std::vector<metrics::Counter> counters;
  for (int i = 0; i < kCounters; ++i)
    counters.push_back(metrics::counter("Counter" + std::to_string(i)));
  const keeper::MetricLedger ledger(-1);
  keeper::MetricCollector collector(view, segment, ledger);
  double sum = 0;
  for (uint64_t left = strtoull(argv[1], nullptr, 10) / kCounters; left != 0; --left) {
    for (const metrics::Counter& counter : counters) counter.add();
    std::vector<keeper::Part> parts;
    collector.take(0, keeper::MetricCollector::Take::kAll, parts);
    for (const keeper::Part& part : parts) sum += part.value;
  }
  return sum > 0 ? 0 : 1;
}
