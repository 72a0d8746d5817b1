// A service that logs a given number of entries at a given pace and ends: what
// bench/sustained/sustained.cc starts. It sleeps between batches, so that waiting costs no
// processor time.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "outrigger/outrigger.h"

namespace {

using namespace outrigger;

void produce(uint64_t count, uint64_t per_second, int message_bytes) {
  const std::string name = "sixteen_char_str";
  // Behind "order 123456 placed by … for 1.23".
  const std::string rest(static_cast<size_t>(std::max(0, message_bytes - 44)), '.');
  log::prepare_thread();
  constexpr uint64_t kBatch = 500;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t id = 0; id < count; id += kBatch) {
    if (per_second != 0)
      std::this_thread::sleep_until(begin +
                                    std::chrono::nanoseconds(id * 1'000'000'000 / per_second));
    for (uint64_t i = 0; message_bytes != 0 && i < kBatch; ++i)
      log::info("order {} placed by {} for {:.2f} {}", id + i, name, static_cast<double>(id) * 0.01,
                rest);
    for (uint64_t i = 0; message_bytes == 0 && i < kBatch; ++i)
      log::info("order {} placed by {} for {:.2f}", id + i, name, static_cast<double>(id) * 0.01);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Service service{{.name = "producer", .about = "Logs as much as asked for, then ends."}};
  auto count = service.option<int>("count", {.otherwise = 1'000'000, .help = "entries in all"});
  auto rate =
      service.option<int>("rate", {.otherwise = 0, .help = "entries a second in all; 0: no pause"});
  auto threads = service.option<int>("threads", {.otherwise = 1, .help = "producers"});
  auto message_bytes = service.option<int>(
      "message-bytes", {.otherwise = 0, .help = "length of a message; 0: as it comes"});
  auto after_ms = service.option<int>(
      "after", {.otherwise = 0, .help = "milliseconds from the start to the first entry"});
  auto drops = service.option<std::string>(
      "drops", {.otherwise = "/dev/null", .help = "where to say what was dropped"});
  std::vector<std::thread> running;
  service.on_start([&] {
    running.emplace_back([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(*after_ms));
      std::vector<std::thread> producers;
      for (int t = 0; t < *threads; ++t)
        producers.emplace_back(produce, static_cast<uint64_t>(*count / *threads),
                               static_cast<uint64_t>(*rate / *threads), *message_bytes);
      for (std::thread& producer : producers) producer.join();
      stop();
    });
  });
  service.on_drain([&] {
    running.front().join();
    // Only a file in memory that the benchmark made reaches it past the keeper.
    if (FILE* file = fopen(drops->c_str(), "w")) {
      fprintf(file, "%lu\n", log::dropped());
      fclose(file);
    }
  });
  return run(argc, argv, service);
}
