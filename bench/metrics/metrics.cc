// An update of a metric: Outrigger's in a segment, a plain atomic, prometheus-cpp where it is there.
// Alone, and with two threads on the same object.
#include <benchmark/benchmark.h>

#include <atomic>
#include <string>

#include "metrics/table.h"
#include "outrigger/metrics.h"
#include "segment/mapping.h"

#ifdef PROMETHEUS_PEER
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#endif

namespace {

using namespace outrigger;

segment::View attached() {
  static const segment::View view = [] {
    char why[256];
    const segment::View made(segment::map(segment::create(why, sizeof(why))));
    if (made) metrics::attach(made);
    return made;
  }();
  return view;
}

double next(double value) { return value > 1e3 ? 1e-3 : value * 1.37; }

void outrigger_add(benchmark::State& state) {
  (void)attached();
  static const auto counter = metrics::counter("Counter");
  for (auto _ : state) counter.add();
}
void outrigger_observe(benchmark::State& state) {
  (void)attached();
  static const auto histogram = metrics::histogram("Histogram");
  double value = 1e-3;
  for (auto _ : state) histogram.observe(value = next(value));
}
void outrigger_dimensions(benchmark::State& state) {
  (void)attached();
  static const auto family = metrics::counters("Family", {"Route", "Status"});
  for (auto _ : state) family.of("/greet", "200").add();
}
void atomic_add(benchmark::State& state) {
  static std::atomic<uint64_t> counter;
  for (auto _ : state) counter.fetch_add(1, std::memory_order_relaxed);
}
void values_alone(benchmark::State& state) {  // what making a value costs the histograms
  double value = 1e-3;
  for (auto _ : state) benchmark::DoNotOptimize(value = next(value));
}

BENCHMARK(outrigger_add)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(atomic_add)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(outrigger_observe)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(values_alone)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(outrigger_dimensions)->ThreadRange(1, 2)->UseRealTime();

#ifdef PROMETHEUS_PEER
prometheus::Registry& registry() {
  static prometheus::Registry it;
  return it;
}
void prometheus_add(benchmark::State& state) {
  static auto& counter = prometheus::BuildCounter().Name("counter").Register(registry()).Add({});
  for (auto _ : state) counter.Increment();
}
void prometheus_observe(benchmark::State& state) {
  static auto& histogram = prometheus::BuildHistogram()
                               .Name("histogram")
                               .Register(registry())
                               .Add({}, prometheus::Histogram::BucketBoundaries{
                                            .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10});
  double value = 1e-3;
  for (auto _ : state) histogram.Observe(value = next(value));
}
void prometheus_dimensions(benchmark::State& state) {
  static auto& family = prometheus::BuildCounter().Name("family").Register(registry());
  for (auto _ : state) family.Add({{"route", "/greet"}, {"status", "200"}}).Increment();
}
BENCHMARK(prometheus_add)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(prometheus_observe)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(prometheus_dimensions)->ThreadRange(1, 2)->UseRealTime();
#endif

}  // namespace

BENCHMARK_MAIN();
