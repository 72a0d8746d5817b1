// Work whose processor time is measured with a profiler on and off, in pairs: what other processes do
// meanwhile is the same for both halves of a pair.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bench {

inline double thread_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// A bit of everything: text, a tree, a sort.
inline void ordinary() {
  std::map<std::string, int> counts;
  for (int i = 0; i < 300; ++i) ++counts[std::to_string(i * 7919 % 100)];
  std::vector<int> numbers(500);
  unsigned seed = 1;
  for (int& each : numbers) each = static_cast<int>(seed = seed * 1103515245 + 12345);
  std::sort(numbers.begin(), numbers.end());
  asm volatile("" ::"r"(numbers.data()), "r"(&counts) : "memory");
}

using Work = void (*)();

// Nothing but malloc and free, by the functions that `Allocator` names, in a loop of its own that
// begins so many no-operations further on.
template <typename Allocator, int kShift>
void malloc_only() {
  constexpr int kBlocks = 64;
  static thread_local void* blocks[kBlocks];
  asm volatile(".rept %c0\n\tnop\n\t.endr" ::"i"(kShift));
  for (int i = 0; i < kBlocks; ++i) {
    blocks[i] = Allocator::allocate(static_cast<size_t>(16 + i * 8));
    asm volatile("" ::"r"(blocks[i]) : "memory");
  }
  for (void* block : blocks) Allocator::free(block);
}

// The same code at other addresses differs by some percent, so what two allocators differ by is taken
// over several copies of the loop.
template <typename Allocator>
std::vector<Work> malloc_loops() {
  return {malloc_only<Allocator, 1>,  malloc_only<Allocator, 7>,  malloc_only<Allocator, 13>,
          malloc_only<Allocator, 19>, malloc_only<Allocator, 26>, malloc_only<Allocator, 33>,
          malloc_only<Allocator, 42>, malloc_only<Allocator, 53>};
}

// Nanoseconds of the thread's time that one call takes, over so many milliseconds of it.
inline double cost(Work work, double ms) {
  const double begin = thread_ns();
  double now = begin;
  int64_t count = 0;
  for (; now - begin < ms * 1e6; now = thread_ns(), count += 50)
    for (int i = 0; i < 50; ++i) work();
  return (now - begin) / static_cast<double>(count);
}

// The median of with/without over so many pairs, alternating which is first; in percent above 1. Each
// pair takes the next copy of either work.
inline double percent_more(int pairs, const std::vector<Work>& work_with,
                           const std::vector<Work>& work_without, double ms,
                           const std::function<void()>& on, const std::function<void()>& off) {
  std::vector<double> ratios;
  for (int pair = 0; pair < pairs; ++pair) {
    double with = 0;
    double without = 0;
    for (int half = 0; half < 2; ++half) {
      const bool is_on = half == pair % 2;
      is_on ? on() : off();
      const std::vector<Work>& copies = is_on ? work_with : work_without;
      (is_on ? with : without) = cost(copies[static_cast<size_t>(pair / 2) % copies.size()], ms);
    }
    off();
    ratios.push_back(with / without);
  }
  std::nth_element(ratios.begin(), ratios.begin() + pairs / 2, ratios.end());
  return (ratios[static_cast<size_t>(pairs / 2)] - 1) * 100;
}

// A service's stdout may come back with a time and a level before it: the word marks the line.
inline void tell(const char* what, double percent) {
  printf("result %s %.3f\n", what, percent);
  fflush(stdout);
}

}  // namespace bench
