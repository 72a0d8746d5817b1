// What 100,000 live counters cost the keeper: a collection, and the requests that are made of it.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "keeper/datum.h"
#include "keeper/deflate.h"
#include "keeper/metric_collector.h"
#include "metrics/table.h"
#include "outrigger/metrics.h"
#include "segment/mapping.h"

OUTRIGGER_METRICS_BUDGET(.series = 100'000, .threads = 8);

namespace {

using namespace outrigger;

constexpr int kCounters = 100'000;
constexpr size_t kMembers = 1'000;  // of a request

void collection(benchmark::State& state) {
  char why[256];
  const int segment = segment::create(why, sizeof(why));
  const segment::View view(segment::map(segment));
  if (!view) return state.SkipWithError(why);
  metrics::attach(view);
  std::vector<metrics::Counter> counters;
  for (int i = 0; i < kCounters; ++i)
    counters.push_back(metrics::counter("Counter" + std::to_string(i)));
  const keeper::MetricLedger ledger(-1);
  keeper::MetricCollector collector(view, segment, ledger);
  for (auto _ : state) {
    state.PauseTiming();
    for (const metrics::Counter& counter : counters) counter.add();
    state.ResumeTiming();
    std::vector<keeper::Part> parts;
    collector.take(0, keeper::MetricCollector::Take::kAll, parts);
    if (parts.size() != kCounters) return state.SkipWithError("not all were collected");
  }
}

void requests(benchmark::State& state) {
  keeper::Datum datum;
  datum.unit = "Count";
  datum.dimensions = {{"Environment", "production"}};
  size_t packed_bytes = 0;
  for (auto _ : state) {
    packed_bytes = 0;
    for (int i = 0; i < kCounters;) {
      std::string body = keeper::body_begin("service");
      for (size_t members = 0; members < kMembers; ++i) {
        datum.name = "Counter" + std::to_string(i);
        datum.value = i;
        keeper::append_datum(datum, 1'800'000'000, body, members);
      }
      body += keeper::kBodyEnd;
      keeper::PackedBytes packed;
      keeper::gzip(body, packed);
      packed_bytes += packed.text().size();
    }
  }
  state.counters["bytes"] = static_cast<double>(packed_bytes);
}

BENCHMARK(collection)->Unit(benchmark::kMillisecond);
BENCHMARK(requests)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
