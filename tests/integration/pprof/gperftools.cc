// The same work under gperftools' CPU profiler, two threads for some seconds: gperftools FILE SECONDS
#include <gperftools/profiler.h>
#include <unistd.h>

#include <thread>

#include "mixed.h"

int main(int argc, char** argv) {
  if (argc != 3 || ProfilerStart(argv[1]) == 0) return 1;
  std::thread first(mixed);
  std::thread second(mixed);
  sleep(static_cast<unsigned>(atoi(argv[2])));
  g_stop = true;
  first.join();
  second.join();
  ProfilerStop();
}
