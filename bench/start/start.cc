// From exec to the first 200 of /livez, and what an idle service weighs: the whole crew of prober
// beside one bare, single-process Beast server.
//
//   start/…      real_time is the median start in ms
//   footprint/…  pss_mib: proportional set size of all processes; idle_core_percent: processor time
//   in 10 s of idleness
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Started {
  pid_t pid = -1;
  int port = 0;
  double ms = 0;
};

bool is_alive(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool alive = false;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const char request[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[64] = {};
    alive = send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
            recv(fd, answer, sizeof(answer) - 1, 0) > 12 && memcmp(answer + 9, "200", 3) == 0;
  }
  close(fd);
  return alive;
}

// A port that is free now; both peers take it as given, so that no output has to be read while the
// clock runs.
int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) abort();
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

Started start(bool crew) {
  Started started;
  started.port = free_port();
  const std::string admin = "127.0.0.1:" + std::to_string(started.port);
  const std::string port = std::to_string(started.port);
  const auto begin = Clock::now();
  started.pid = fork();
  if (started.pid == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    if (crew)
      execl(PROBER, PROBER, "run", "--listen", "127.0.0.1:0", "--admin", admin.c_str(), nullptr);
    execl(BARE_BEAST, BARE_BEAST, port.c_str(), nullptr);
    _exit(127);
  }
  while (!is_alive(started.port)) std::this_thread::sleep_for(std::chrono::microseconds(50));
  started.ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  return started;
}

void end(const Started& started) {
  kill(started.pid, SIGTERM);
  waitpid(started.pid, nullptr, 0);
}

// The process and its children.
std::vector<pid_t> family(pid_t pid) {
  std::vector<pid_t> all{pid};
  std::ifstream children("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) +
                         "/children");
  for (pid_t child; children >> child;) all.push_back(child);
  return all;
}

double pss_mib(const std::vector<pid_t>& pids) {
  double kib = 0;
  for (const pid_t pid : pids) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string word; file >> word;) {
      if (word != "Pss:") continue;
      double value = 0;
      file >> value;
      kib += value;
      break;
    }
  }
  return kib / 1024;
}

// Nanoseconds on a processor, of all threads, as the scheduler counts them.
double cpu_ns(const std::vector<pid_t>& pids) {
  double sum = 0;
  for (const pid_t pid : pids) {
    clockid_t clock;
    timespec time;
    if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &time) == 0)
      sum += static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  }
  return sum;
}

void start_time(benchmark::State& state, bool crew) {
  std::vector<double> times;
  for (auto _ : state) {
    const Started started = start(crew);
    times.push_back(started.ms);
    state.SetIterationTime(started.ms * 1e-3);
    end(started);
  }
  std::sort(times.begin(), times.end());
  state.counters["median_ms"] = times[times.size() / 2];
  state.counters["p90_ms"] = times[times.size() * 9 / 10];
}

void footprint(benchmark::State& state, bool crew) {
  for (auto _ : state) {
    const Started started = start(crew);
    std::this_thread::sleep_for(std::chrono::seconds(3));
    const std::vector<pid_t> pids = family(started.pid);
    const double before = cpu_ns(pids);
    const auto begin = Clock::now();
    std::this_thread::sleep_for(std::chrono::seconds(10));
    const double passed = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    state.counters["processes"] = static_cast<double>(pids.size());
    state.counters["idle_core_percent"] = (cpu_ns(pids) - before) / passed * 100;
    state.counters["pss_mib"] = pss_mib(pids);
    state.SetIterationTime(1);
    end(started);
  }
}

BENCHMARK_CAPTURE(start_time, crew, true)
    ->UseManualTime()
    ->Iterations(100)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(start_time, bare_beast, false)
    ->UseManualTime()
    ->Iterations(100)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(footprint, crew, true)->UseManualTime()->Iterations(1);
BENCHMARK_CAPTURE(footprint, bare_beast, false)->UseManualTime()->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
