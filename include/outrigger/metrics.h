// Metrics. A counter's cell lies in memory shared with the keeper: what was added is there even
// after kill -9.
//
//     auto greeted = metrics::counter("Greetings", {.help = "People greeted"});
//     greeted.add();
//
// Make a handle once and keep it (a static local will do); adding is one relaxed addition, from any
// thread, with or without run(). In a child of fork() nothing is added.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace outrigger::metrics {

struct Options {
  std::string_view help{};  // one sentence; the first 111 bytes are kept
};

class Counter {
 public:
  void add(uint64_t n = 1) const noexcept {
    if (alive_->load(std::memory_order_relaxed) != 0)
      cell_->fetch_add(n, std::memory_order_relaxed);
  }
  uint64_t value() const noexcept {
    return alive_->load(std::memory_order_relaxed) != 0 ? cell_->load(std::memory_order_relaxed)
                                                        : 0;
  }

 private:
  friend Counter counter(std::string_view name, Options options);
  Counter(std::atomic<uint64_t>* cell, const std::atomic<uint32_t>* alive)
      : cell_(cell), alive_(alive) {}

  std::atomic<uint64_t>* cell_;
  const std::atomic<uint32_t>*
      alive_;  // reads 0 in children of fork(), where the cell is not mapped
};

// The counter of that name; two calls with one name give the same counter. Names are CloudWatch's:
// 1 to 63 printable ASCII characters, no colon in front. A name that will not do, or one beyond the
// 8,192nd, still gives a counter that works; it is not published, and a warning in the log says so.
Counter counter(std::string_view name, Options options = {});

}  // namespace outrigger::metrics
