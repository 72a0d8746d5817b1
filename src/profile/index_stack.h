// A stack of small numbers that any thread pushes and pops without a lock. The head carries a count
// of changes, so that a number which went and came back meanwhile is noticed.
#pragma once

#include <atomic>
#include <cstdint>

namespace outrigger::profile {

class IndexStack {
 public:
  static constexpr uint32_t kNone = 0;

  // `next` has room for each number, which is not 0; several stacks may share it.
  void push(std::atomic<uint32_t>* next, uint32_t index) {
    uint64_t head = head_.load(std::memory_order_relaxed);
    do {
      next[index].store(static_cast<uint32_t>(head), std::memory_order_relaxed);
      // Release: pairs with the acquire in pop(); `next` is written.
    } while (!head_.compare_exchange_weak(head, changed(head, index), std::memory_order_release,
                                          std::memory_order_relaxed));
  }

  uint32_t pop(std::atomic<uint32_t>* next) {
    uint64_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      const auto index = static_cast<uint32_t>(head);
      if (index == kNone) return kNone;
      const uint32_t after = next[index].load(std::memory_order_relaxed);
      if (head_.compare_exchange_weak(head, changed(head, after), std::memory_order_acquire,
                                      std::memory_order_acquire))
        return index;
    }
  }

 private:
  static uint64_t changed(uint64_t head, uint32_t index) {
    return ((head >> 32) + 1) << 32 | index;
  }
  std::atomic<uint64_t> head_{0};
};

}  // namespace outrigger::profile
