// End to end: from log calls to bytes in /dev/null, the processor time of all processes counted
// (wait4 of the supervisor has that of its children). Beside it spdlog's asynchronous logger with a
// file sink on /dev/null.
//
//   cpu_ns            processor time of all processes for one delivered entry
//   entries_per_s     delivered, from the first call to the end of the last process
//   dropped           of `asked`, as the log itself counts them
#define SPDLOG_HEADER_ONLY
#define SPDLOG_FMT_EXTERNAL
#define FMT_HEADER_ONLY
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}
double cpu_seconds(const rusage& usage) {
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Run {
  double wall_s = 0;
  double cpu_s = 0;
  double dropped = 0;
};

Run run_producer(const char* logs, int threads, int rate, int count) {
  const std::string drops = "/dev/shm/outrigger-bench-" + std::to_string(getpid());
  const auto begin = Clock::now();
  const pid_t pid = fork();
  if (pid == 0) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execl(PRODUCER, PRODUCER, "run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--logs",
          logs, "--threads", std::to_string(threads).c_str(), "--rate",
          std::to_string(rate).c_str(), "--count", std::to_string(count).c_str(), "--drops",
          drops.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  Run run;
  run.wall_s = std::chrono::duration<double>(Clock::now() - begin).count();
  run.cpu_s = cpu_seconds(usage);
  std::ifstream(drops) >> run.dropped;
  unlink(drops.c_str());
  return run;
}

void outrigger_entries(benchmark::State& state, const char* logs) {
  const int threads = static_cast<int>(state.range(0));
  const int rate = static_cast<int>(state.range(1));
  const int count = rate * 3;
  for (auto _ : state) {
    const Run run = run_producer(logs, threads, rate, count);
    const double delivered = count - run.dropped;
    state.SetIterationTime(run.wall_s);
    state.counters["cpu_ns"] = run.cpu_s * 1e9 / delivered;
    state.counters["entries_per_s"] = delivered / run.wall_s;
    state.counters["dropped"] = run.dropped;
    state.counters["asked"] = count;
  }
}

void spdlog_async_entries(benchmark::State& state) {
  const int rate = static_cast<int>(state.range(0));
  const int count = rate * 2;
  for (auto _ : state) {
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    const auto begin = Clock::now();
    {
      auto pool = std::make_shared<spdlog::details::thread_pool>(8192, 1);
      auto logger = std::make_shared<spdlog::async_logger>(
          "async", std::make_shared<spdlog::sinks::basic_file_sink_mt>("/dev/null"), pool,
          spdlog::async_overflow_policy::block);
      const std::string name = "sixteen_char_str";
      for (int id = 0; id < count; id += 500) {
        std::this_thread::sleep_until(begin +
                                      std::chrono::nanoseconds(int64_t{id} * 1'000'000'000 / rate));
        for (int i = 0; i < 500; ++i)
          logger->info("order {} placed by {} for {:.2f}", static_cast<uint64_t>(id + i), name,
                       id * 0.01);
      }
    }  // joins the pool: everything is written
    const double wall = std::chrono::duration<double>(Clock::now() - begin).count();
    getrusage(RUSAGE_SELF, &after);
    state.SetIterationTime(wall);
    state.counters["asked"] = count;
    state.counters["cpu_ns"] = (cpu_seconds(after) - cpu_seconds(before)) * 1e9 / count;
    state.counters["entries_per_s"] = count / wall;
  }
}

BENCHMARK_CAPTURE(outrigger_entries, json, "stdout-json")
    ->ArgNames({"producers", "rate"})
    ->ArgsProduct({{1, 2}, {1'500'000, 2'000'000, 2'500'000, 3'000'000}})
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(outrigger_entries, text, "stdout-text")
    ->ArgNames({"producers", "rate"})
    ->ArgsProduct({{1, 2}, {1'500'000, 2'000'000, 2'500'000, 3'000'000}})
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK(spdlog_async_entries)
    ->ArgName("rate")
    ->Arg(1'000'000)
    ->Arg(3'000'000)
    ->UseManualTime()
    ->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
