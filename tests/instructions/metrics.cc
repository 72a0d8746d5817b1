// N updates of one metric in a prepared segment: what is counted is compiled in by UPDATE.
#include <cstdint>
#include <cstdlib>

#include "metrics/table.h"
#include "outrigger/metrics.h"
#include "segment/mapping.h"

int main(int, char** argv) {
  using namespace outrigger;
  char why[256];
  const segment::View view(segment::map(segment::create(why, sizeof(why))));
  if (!view) return 1;
  metrics::attach(view);
  [[maybe_unused]] const auto counter = metrics::counter("Counter");
  [[maybe_unused]] const auto histogram = metrics::histogram("Histogram");
  [[maybe_unused]] const auto family = metrics::counters("Family", {"Route", "Status"});
  double value = 1;
  UPDATE;
  const uint64_t calls = strtoull(argv[1], nullptr, 10);
  for (uint64_t i = 0; i < calls; ++i) {
    asm volatile("" : "+m"(value));
    UPDATE;
  }
  return 0;
}
