// A service that logs numbered lines from several threads and keeps count of its returned calls in
// a file that the test maps too, so that the count outlives any death. How it ends is an option.
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "counts.h"
#include "outrigger/outrigger.h"

namespace {

using namespace outrigger;

void write_lines(whole::Counts& counts, int thread, int per_second) {
  static const auto lines =
      metrics::counter("Lines", {.help = "Lines logged", .every = std::chrono::seconds(1)});
  static const auto numbers =
      metrics::histogram("Numbers", {.help = "Their numbers", .every = std::chrono::seconds(1)});
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t n = 0; !counts.stop.load(std::memory_order_relaxed); ++n) {
    log::info("line {t} {n} of a text that is as long as such texts are", thread, n);
    lines.add();
    numbers.observe(static_cast<double>(n));
    counts.returned[thread].store(n + 1, std::memory_order_relaxed);
    if (per_second != 0)
      std::this_thread::sleep_until(begin +
                                    (n + 1) * std::chrono::nanoseconds(1'000'000'000 / per_second));
  }
}

// The calling thread's, in user space; -1 where the machine has no counter to give.
int count_instructions() {
  perf_event_attr wanted{};
  wanted.type = PERF_TYPE_HARDWARE;
  wanted.size = sizeof wanted;
  wanted.config = PERF_COUNT_HW_INSTRUCTIONS;
  wanted.exclude_kernel = 1;
  wanted.exclude_hv = 1;
  return static_cast<int>(syscall(SYS_perf_event_open, &wanted, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

void measure_cost(whole::Counts& counts) {
  constexpr int kCalls = 50;
  log::prepare_thread();
  const int counter = count_instructions();
  const auto instructions = [counter] {
    uint64_t count = 0;
    return counter >= 0 && read(counter, &count, sizeof count) == sizeof count ? count : 0;
  };
  const auto sleeps = [] {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return static_cast<uint64_t>(usage.ru_nvcsw);
  };
  while (!counts.stop.load(std::memory_order_relaxed)) {
    const uint64_t slept = sleeps(), done = instructions();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kCalls; ++i) log::info("cost {} of {} is {:.2f}", i, "a call", 0.5);
    const auto took =
        std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count() / kCalls;
    const uint32_t phase = counts.phase.load();
    counts.cost_instructions[phase].fetch_add(instructions() - done);
    counts.cost_sleeps[phase].fetch_add(sleeps() - slept);
    counts.cost_calls[phase].fetch_add(kCalls);
    counts.cost[phase][std::min<int64_t>(took, whole::kCostNsMax)].fetch_add(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void end_as(const std::string& how) {
  if (how == "segv") {
    raise(SIGSEGV);
  } else if (how == "abort") {
    abort();
  } else if (how == "exit") {
    _exit(7);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Service logger{{.name = "logger",
                  .about = "Logs numbered lines.",
                  .metrics_at_most_once = getenv("LOGGER_AT_MOST_ONCE") != nullptr}};
  auto counts_file =
      logger.option<std::string>("counts", {.otherwise = "", .help = "file to count in"});
  auto threads = logger.option<int>("threads", {.otherwise = 4, .help = "how many log"});
  auto rate = logger.option<int>(
      "rate", {.otherwise = 0, .help = "lines a second and thread; 0: as many as can be"});
  auto cost = logger.option<bool>("cost", {.help = "one more thread measures what a call costs"});
  auto end = logger.option<std::string>("end", {.otherwise = "", .help = "segv, abort or exit"});
  auto after = logger.option<std::chrono::milliseconds>(
      "after", {.otherwise = std::chrono::milliseconds(100), .help = "when to end so"});
  whole::Counts* counts = nullptr;
  std::vector<std::thread> running;
  logger.on_start([&]() -> Result<void> {
    if (counts_file->empty()) return {};
    const int fd = open(counts_file->c_str(), O_RDWR | O_CLOEXEC);
    void* memory = mmap(nullptr, sizeof(whole::Counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return failed("cannot map the file of counts");
    counts = static_cast<whole::Counts*>(memory);
    counts->service_pid.store(getpid());
    for (int t = 0; t < *threads; ++t)
      running.emplace_back(write_lines, std::ref(*counts), t, *rate);
    if (*cost) running.emplace_back(measure_cost, std::ref(*counts));
    if (!end->empty()) {
      running.emplace_back([how = *end, when = *after] {
        std::this_thread::sleep_for(when);
        end_as(how);
      });
    }
    return {};
  });
  logger.on_drain([&] {
    log::info("the drain hook ran");
    if (counts != nullptr) counts->stop.store(true);
    for (std::thread& thread : running) thread.join();
  });
  // What an incident looks like from inside: every thread of the pool waits for a lock that nobody
  // gives back.
  static std::mutex never_released;
  logger.operation("deadlock", "Blocks the thread that answers, for good.")
      .does([]() -> Result<Json> {
        never_released.lock();
        return Json{{"never", true}};
      });
  logger.operation("fork", "Logs in a child of fork() too.").does([]() -> Result<Json> {
    const pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < 100; ++i) log::error("from the child {i}", i);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    log::info("from the parent {status}", status);
    return Json{{"status", status}};
  });
  logger.operation("complain", "Logs an error.").does([]() -> Result<Json> {
    log::error("something went wrong");
    return Json{{"logged", true}};
  });
  logger.operation("ping", "Answers.").read_only().does([]() -> Result<Json> {
    return Json{{"pong", true}};
  });
  return run(argc, argv, logger);
}
