// Requests a second and latency of the operations server beside bare Beast servers, by wrk, in turns
// on the same machine: what else it does meets all of them.
//
//   greet/PEER/CONNECTIONS   medians over the rounds: requests_per_s, p50_us, p99_us; for outrigger
//   also the ratios to the better of the Beast servers (of the throughput; its own p99), and what the
//   black box costs: throughput_to_without is the median over the rounds of each round's ratio to the same
//   service without crash handlers, Landlock and hang reports, which came right before or after it
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
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kRounds = 5;
constexpr int kSeconds = 3;
constexpr const char* kWithout = "outrigger_without_black_box";
constexpr const char* kPeers[] = {"beast_1_thread", "beast_2_threads", "outrigger", kWithout};

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

bool listens(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool yes = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return yes;
}

struct Running {
  pid_t pid = -1;
  int port = 0;
};

Running start(const std::string& peer) {
  Running server;
  server.port = free_port();
  const std::string port = std::to_string(server.port);
  const std::string listen = "127.0.0.1:" + port;
  server.pid = fork();
  if (server.pid == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    if (peer == kWithout) {
      setenv("BENCH_WITHOUT_BLACK_BOX", "1", 1);
      execl(GREETER, GREETER, "run", "--listen", listen.c_str(), "--admin", "127.0.0.1:0",
            "--no-confine", nullptr);
    }
    if (peer == "outrigger") {
      execl(GREETER, GREETER, "run", "--listen", listen.c_str(), "--admin", "127.0.0.1:0", nullptr);
    }
    execl(BARE, BARE, port.c_str(), peer == "beast_1_thread" ? "1" : "2", nullptr);
    _exit(127);
  }
  while (!listens(server.port)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return server;
}

struct Measured {
  double per_s = 0, p50_us = 0, p99_us = 0;
  double to_without = 0;  // of the whole measurement
};

// "1.23ms" in microseconds.
double microseconds(const char* text) {
  char* unit = nullptr;
  const double number = strtod(text, &unit);
  return number * (*unit == 'u' ? 1 : *unit == 'm' ? 1e3 : 1e6);
}

Measured load(const Running& server, int connections) {
  const std::string command =
      "wrk --latency -t1 -c" + std::to_string(connections) + " -d" + std::to_string(kSeconds) +
      "s 'http://127.0.0.1:" + std::to_string(server.port) + "/greet?name=Ada'";
  FILE* out = popen(command.c_str(), "r");
  Measured measured;
  char line[512], value[64];
  bool failed = out == nullptr;
  while (out != nullptr && fgets(line, sizeof line, out) != nullptr) {
    if (sscanf(line, " 50%% %63s", value) == 1) measured.p50_us = microseconds(value);
    if (sscanf(line, " 99%% %63s", value) == 1) measured.p99_us = microseconds(value);
    sscanf(line, "Requests/sec: %lf", &measured.per_s);
    failed |= std::string(line).find("Non-2xx") != std::string::npos;
  }
  if (out == nullptr || pclose(out) != 0 || failed || measured.per_s <= 0) {
    fprintf(stderr, "wrk is missing, or got other answers than 200\n");
    exit(1);
  }
  return measured;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// All peers in turns, so that they share the machine's moods.
std::map<std::string, Measured> measure(int connections) {
  std::map<std::string, std::vector<double>> per_s, p50, p99;
  std::map<std::string, Running> servers;
  for (const char* peer : kPeers) servers[peer] = start(peer);
  std::vector<double> to_without;
  for (int round = 0; round < kRounds; ++round) {
    // Forth and back: nobody is always behind the same one.
    std::vector<const char*> turn(std::begin(kPeers), std::end(kPeers));
    if (round % 2 != 0) std::reverse(turn.begin(), turn.end());
    for (const char* peer : turn) {
      const Measured one = load(servers[peer], connections);
      per_s[peer].push_back(one.per_s);
      p50[peer].push_back(one.p50_us);
      p99[peer].push_back(one.p99_us);
    }
    to_without.push_back(per_s["outrigger"].back() / per_s[kWithout].back());
  }
  std::map<std::string, Measured> all;
  for (const char* peer : kPeers) {
    kill(servers[peer].pid, SIGTERM);
    waitpid(servers[peer].pid, nullptr, 0);
    all[peer] = {median(per_s[peer]), median(p50[peer]), median(p99[peer])};
  }
  all["outrigger"].to_without = median(to_without);
  return all;
}

void greet(benchmark::State& state, const std::string& peer, int connections) {
  static std::map<int, std::map<std::string, Measured>> measured;
  if (measured.count(connections) == 0) measured[connections] = measure(connections);
  const auto& all = measured[connections];
  const Measured& own = all.at(peer);
  for (auto _ : state) state.SetIterationTime(1 / own.per_s);
  state.counters["requests_per_s"] = own.per_s;
  state.counters["p50_us"] = own.p50_us;
  state.counters["p99_us"] = own.p99_us;
  if (peer != "outrigger") return;
  const Measured& one = all.at("beast_1_thread");
  const Measured& two = all.at("beast_2_threads");
  const Measured& best = one.per_s > two.per_s ? one : two;
  state.counters["throughput_to_beast"] = own.per_s / best.per_s;
  state.counters["p99_to_beast"] = own.p99_us / best.p99_us;
  state.counters["throughput_to_without"] = own.to_without;
}

}  // namespace

int main(int argc, char** argv) {
  for (const int connections : {1, 64}) {
    for (const char* peer : kPeers) {
      benchmark::RegisterBenchmark(
          ("greet/" + std::string(peer) + "/" + std::to_string(connections)).c_str(),
          [=](benchmark::State& state) { greet(state, peer, connections); })
          ->UseManualTime()
          ->Iterations(1);
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
