// gperftools' CPU profiler over the same work.
#include <gperftools/profiler.h>

#include "work.h"

int main() {
  bench::tell("gperftools_cpu_100hz",
              bench::percent_more(
                  15, {bench::ordinary}, {bench::ordinary}, 1000,
                  [] { ProfilerStart("/dev/null"); }, [] { ProfilerStop(); }));
}
