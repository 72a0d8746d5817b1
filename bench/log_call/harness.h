// One log call, measured the same way for every peer (bench/README.md):
//   burst   average of a call in bursts of 50, 50 us apart
//   single  each call timed by itself: p50, p99, p99.9 (an empty timed call costs about 20 ns of
//   it) cold    bursts of 20 calls, then 2 ms of idleness: p99.9 two     the burst average while a
//   second thread does the same
// A peer is a type with name(), prepare() once per thread, call(id, name, price).
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace outrigger::bench {

inline uint64_t now_ticks() {
  uint32_t low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
  return static_cast<uint64_t>(high) << 32 | low;
}

// Nanoseconds of one tick, from 50 ms of the monotonic clock.
inline double tick_ns() {
  static const double ns = [] {
    const auto begin = std::chrono::steady_clock::now();
    const uint64_t ticks = now_ticks();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(50)) {
    }
    const auto passed = std::chrono::steady_clock::now() - begin;
    return static_cast<double>(std::chrono::nanoseconds(passed).count()) /
           static_cast<double>(now_ticks() - ticks);
  }();
  return ns;
}

inline double percentile(std::vector<uint64_t>& values, double p) {
  const size_t at =
      std::min(values.size() - 1, static_cast<size_t>(p * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return static_cast<double>(values[at]) * tick_ns();
}

constexpr int kBurst = 50;
// Bursts begin 50 us apart: a million calls a second, which every peer's consumer can keep up with.
inline void pause_between_bursts() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  while (std::chrono::steady_clock::now() < end) {
  }
}
inline const std::string kName = "sixteen_char_str";

template <typename Peer>
[[gnu::noinline]] uint64_t one_burst(uint64_t id) {
  const uint64_t begin = now_ticks();
  for (int i = 0; i < kBurst; ++i) Peer::call(id + static_cast<uint64_t>(i), kName, 3.25);
  return now_ticks() - begin;
}

template <typename Peer>
void burst(benchmark::State& state) {
  Peer::prepare();
  std::vector<uint64_t> bursts;
  uint64_t id = 0;
  for (auto _ : state) {
    const uint64_t ticks = one_burst<Peer>(id += kBurst);
    bursts.push_back(ticks);
    state.SetIterationTime(static_cast<double>(ticks) * tick_ns() / kBurst * 1e-9);
    pause_between_bursts();
  }
  state.counters["median_ns"] = percentile(bursts, 0.5) / kBurst;
  state.counters["p90_ns"] = percentile(bursts, 0.9) / kBurst;
  state.counters["p99_ns"] = percentile(bursts, 0.99) / kBurst;
}

template <typename Peer>
void two_producers(benchmark::State& state) {
  Peer::prepare();
  std::atomic<bool> stop{false};
  std::thread other([&] {
    Peer::prepare();
    for (uint64_t id = 0; !stop.load(std::memory_order_relaxed); id += kBurst) {
      one_burst<Peer>(id);
      pause_between_bursts();
    }
  });
  std::vector<uint64_t> bursts;
  uint64_t id = 0;
  for (auto _ : state) {
    const uint64_t ticks = one_burst<Peer>(id += kBurst);
    bursts.push_back(ticks);
    state.SetIterationTime(static_cast<double>(ticks) * tick_ns() / kBurst * 1e-9);
    pause_between_bursts();
  }
  stop.store(true);
  other.join();
  state.counters["median_ns"] = percentile(bursts, 0.5) / kBurst;
  state.counters["p90_ns"] = percentile(bursts, 0.9) / kBurst;
  state.counters["p99_ns"] = percentile(bursts, 0.99) / kBurst;
}

template <typename Peer>
void single(benchmark::State& state) {
  Peer::prepare();
  std::vector<uint64_t> calls;
  uint64_t id = 0;
  for (auto _ : state) {
    const uint64_t begin = now_ticks();
    Peer::call(++id, kName, 3.25);
    const uint64_t ticks = now_ticks() - begin;
    calls.push_back(ticks);
    state.SetIterationTime(static_cast<double>(ticks) * tick_ns() * 1e-9);
    if (id % kBurst == 0) pause_between_bursts();
  }
  state.counters["p50_ns"] = percentile(calls, 0.5);
  state.counters["p99_ns"] = percentile(calls, 0.99);
  state.counters["p99.9_ns"] = percentile(calls, 0.999);
}

template <typename Peer>
void cold(benchmark::State& state) {
  Peer::prepare();
  std::vector<uint64_t> calls;
  uint64_t id = 0;
  for (auto _ : state) {
    uint64_t sum = 0;
    for (int i = 0; i < 20; ++i) {
      const uint64_t begin = now_ticks();
      Peer::call(++id, kName, 3.25);
      calls.push_back(now_ticks() - begin);
      sum += calls.back();
    }
    state.SetIterationTime(static_cast<double>(sum) * tick_ns() / 20 * 1e-9);
    pause_between_bursts();
    const timespec idle{0, 2'000'000};
    nanosleep(&idle, nullptr);
  }
  state.counters["p99.9_ns"] = percentile(calls, 0.999);
}

template <typename Peer>
int register_peer() {
  const std::string name = Peer::name();
  benchmark::RegisterBenchmark((name + "/burst").c_str(), burst<Peer>)
      ->UseManualTime()
      ->Iterations(40'000);
  benchmark::RegisterBenchmark((name + "/two").c_str(), two_producers<Peer>)
      ->UseManualTime()
      ->Iterations(40'000);
  benchmark::RegisterBenchmark((name + "/single").c_str(), single<Peer>)
      ->UseManualTime()
      ->Iterations(1'000'000);
  benchmark::RegisterBenchmark((name + "/cold").c_str(), cold<Peer>)
      ->UseManualTime()
      ->Iterations(1'000);
  return 0;
}

}  // namespace outrigger::bench
