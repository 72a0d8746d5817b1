// End to end to CloudWatch Logs: from log calls to the acknowledged put, over TLS, signed, to the
// strict emulator on loopback. A message has 100 bytes; the entry that is shipped is a line of JSON
// of some 250.
//
// `after`: milliseconds that the service has lived before its first entry. At 0 the entries meet a
// keeper that starts, and an emulator that has not been spoken to.
//
//   entries_per_s   delivered, from the first entry to the service's end, the flush included
//   cpu_s_per_m     processor seconds of supervisor, service and keeper for a million entries
//   keeper_mb       the keeper's largest resident size
//   full            share of the batches that were filled to 95 % or more
//   wire_mb_per_m   bytes of request bodies for a million entries
//   dropped         of `asked`: neither acknowledged nor told otherwise
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "emulator.h"

namespace {

using Clock = std::chrono::steady_clock;
using outrigger::test::Emulator;

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The largest VmHWM of a child that has a thread that ships.
double keeper_mb(pid_t supervisor) {
  double megabytes = 0;
  std::error_code ignored;
  const std::string pid = std::to_string(supervisor);
  std::istringstream children(read_all("/proc/" + pid + "/task/" + pid + "/children"));
  for (std::string child; children >> child;) {
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + child + "/task", ignored)) {
      if (read_all(task.path() / "comm") != "or-ship\n") continue;
      const std::string status = read_all("/proc/" + child + "/status");
      const size_t at = status.find("VmHWM:");
      if (at != std::string::npos) megabytes = std::strtod(status.c_str() + at + 6, nullptr) / 1024;
    }
  }
  return megabytes;
}

void shipped_entries(benchmark::State& state, const char* coding) {
  const int rate = static_cast<int>(state.range(0));
  const int count = rate * 3;
  const int after_ms = static_cast<int>(state.range(1));
  for (auto _ : state) {
    // The page faults of its first requests would take the processors from what is measured.
    const Emulator emulator({"--keep", "0", "--warm", "67108864"});
    auto environment = emulator.environment();
    environment.push_back(std::string("OUTRIGGER_LOGS_CODING=") + coding);
    const auto begin = Clock::now();
    const pid_t pid = fork();
    if (pid == 0) {
      const int null = open("/dev/null", O_RDWR);
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
      for (std::string& variable : environment) putenv(variable.data());
      execl(PRODUCER, PRODUCER, "run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
            "--logs", "cloudwatch", "--threads", "1", "--message-bytes", "100", "--rate",
            std::to_string(rate).c_str(), "--count", std::to_string(count).c_str(), "--after",
            std::to_string(after_ms).c_str(), nullptr);
      _exit(127);
    }
    std::atomic<bool> over{false};
    double megabytes = 0;
    std::thread watcher([&] {
      while (!over) {
        megabytes = std::max(megabytes, keeper_mb(pid));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    });
    int status = 0;
    rusage usage{};
    wait4(pid, &status, 0, &usage);
    const double wall_s =
        std::chrono::duration<double>(Clock::now() - begin).count() - after_ms * 1e-3;
    over = true;
    watcher.join();
    const auto delivered = static_cast<double>(emulator.count({"logs", "events"}));
    const auto puts = static_cast<double>(emulator.count({"logs", "puts"}));
    state.SetIterationTime(wall_s);
    state.counters["asked"] = count;
    state.counters["entries_per_s"] = delivered / wall_s;
    state.counters["cpu_s_per_m"] =
        (seconds(usage.ru_utime) + seconds(usage.ru_stime)) / delivered * 1e6;
    state.counters["keeper_mb"] = megabytes;
    state.counters["full"] = static_cast<double>(emulator.count({"logs", "full_puts"})) / puts;
    state.counters["wire_mb_per_m"] =
        static_cast<double>(emulator.count({"logs", "wire_bytes"})) / delivered;
    state.counters["dropped"] = std::max(0.0, count - delivered);
    state.counters["violations"] = static_cast<double>(emulator.violations());
  }
}

BENCHMARK_CAPTURE(shipped_entries, plain, "plain")
    ->ArgNames({"rate", "after"})
    ->Args({500'000, 1'000})
    ->Args({1'000'000, 1'000})
    ->UseManualTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(shipped_entries, gzip, "gzip")
    ->ArgNames({"rate", "after"})
    ->Args({500'000, 0})
    ->Args({1'000'000, 0})
    ->Args({1'000'000, 1'000})
    ->Args({1'300'000, 1'000})  // what is asked is not reached: the last flush counts as well
    ->UseManualTime()
    ->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
