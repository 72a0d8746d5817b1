// What profilers cost the program: more processor time for the same work, in percent, the median of
// pairs that alternate. Ours in a service, gperftools' in a program of its own.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace {

std::string free_address() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) abort();
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

// "result NAME PERCENT" in a line becomes a counter.
void take_percentages(benchmark::State& state, const std::string& command) {
  for ([[maybe_unused]] auto _ : state) {
    FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return state.SkipWithError("cannot be started");
    char line[256];
    char name[128];
    double percent = 0;
    while (fgets(line, sizeof(line), pipe) != nullptr) {
      const char* const result = strstr(line, "result ");
      if (result != nullptr && sscanf(result, "result %127s %lf", name, &percent) == 2)
        state.counters[name] = percent;
    }
    pclose(pipe);
  }
}

void own(benchmark::State& state) {
  const std::string admin = free_address();
  take_percentages(state, std::string(OWN) + " run --admin " + admin + " --own-admin " + admin +
                              " --log-level fatal 2>/dev/null");
}
void gperftools(benchmark::State& state) { take_percentages(state, GPERFTOOLS); }

BENCHMARK(own)->Name("profile/outrigger")->Iterations(1)->Unit(benchmark::kSecond);
BENCHMARK(gperftools)->Name("profile/gperftools")->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace

BENCHMARK_MAIN();
