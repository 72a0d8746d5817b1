// Counters' datums as PutMetricData's body has them: what one costs the keeper.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "keeper/datum.h"

int main(int, char** argv) {
  using namespace outrigger::keeper;
  Datum datum;
  datum.name = "Greetings";
  datum.unit = "Count";
  datum.dimensions = {{"Environment", "production"}};
  std::string body;
  size_t members = 0;
  const uint64_t calls = strtoull(argv[1], nullptr, 10);
  for (uint64_t i = 0; i < calls; ++i) {
    if (i % 1'000 == 0) body.clear();
    datum.value = static_cast<double>(i);
    append_datum(datum, 1'800'000'000, body, members);
  }
  return members == calls ? 0 : 1;
}
