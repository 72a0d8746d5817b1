// A service whose time goes where its name says: the truth that profiles of it are held against.
#include <malloc.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "outrigger/outrigger.h"

namespace {

using namespace outrigger;

std::atomic<bool> g_stop{false};

[[gnu::noinline]] uint64_t burn(uint64_t rounds) {
  uint64_t x = rounds;
  for (uint64_t i = 0; i < rounds; ++i) {
    x = x * 6364136223846793005ULL + 1442695040888963407ULL;
    asm volatile("" : "+r"(x));
  }
  return x;
}

// Each its share of the time. Not tail calls: the caller's frame must be there.
[[gnu::noinline]] uint64_t burns_seventy(uint64_t unit) { return burn(70 * unit) + 1; }
[[gnu::noinline]] uint64_t burns_twenty(uint64_t unit) { return burn(20 * unit) + 1; }
[[gnu::noinline]] uint64_t burns_ten(uint64_t unit) { return burn(10 * unit) + 1; }

void split() {
  while (!g_stop) {
    const uint64_t x = burns_seventy(2000) + burns_twenty(2000) + burns_ten(2000);
    asm volatile("" ::"r"(x));
  }
}

int compare(const void* a, const void* b) {
  const int x = *static_cast<const int*>(a);
  const int y = *static_cast<const int*>(b);
  burn(20);
  return (x > y) - (x < y);
}
[[gnu::noinline]] void sorts(unsigned seed) {
  std::vector<int> numbers(5000);
  for (int& each : numbers) each = static_cast<int>(seed = seed * 1103515245 + 12345);
  qsort(numbers.data(), numbers.size(), sizeof(int), compare);
}
[[gnu::noinline]] void throws(int depth) {
  if (depth == 0) throw std::runtime_error("as asked");
  std::string text(100, 'a');
  throws(depth - 1);
  asm volatile("" ::"r"(&text) : "memory");
}
[[gnu::noinline]] void digests() {
  static const std::vector<unsigned char> text(64 << 10, 'x');
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
}

// Through libc, libstdc++ and OpenSSL, in callbacks, in exceptions being thrown.
void mixed() {
  for (unsigned i = 0; !g_stop; ++i) {
    sorts(i);
    for (int k = 0; k < 100; ++k) {
      try {
        throws(6);
      } catch (const std::exception&) {
      }
    }
    for (int k = 0; k < 10; ++k) digests();
    std::vector<std::string> names;
    for (int k = 0; k < 2000; ++k) names.push_back(std::to_string(k * i));
    std::sort(names.begin(), names.end());
  }
}

// Threads that live for a few milliseconds.
void short_lived() {
  while (!g_stop) {
    std::thread([] {
      const uint64_t x = burns_ten(60'000);
      asm volatile("" ::"r"(x));
    }).join();
  }
}

// Memory that is held, most of it by one function, in blocks of all sizes.
std::vector<void*> g_held;
[[gnu::noinline]] void* holds_three_quarters(size_t bytes) {
  void* const block = malloc(bytes);
  asm volatile("" ::"r"(block) : "memory");
  return block;
}
[[gnu::noinline]] char* holds_a_quarter(size_t bytes) {
  char* const block = new char[bytes];
  asm volatile("" ::"r"(block) : "memory");
  return block;
}
size_t g_bytes_held = 0;
void hold(size_t bytes_in_all) {
  constexpr size_t kSizes[] = {24, 100, 1000, 5000, 100'000};
  for (unsigned i = 0; g_bytes_held < bytes_in_all; ++i) {
    const size_t bytes = kSizes[i % 5];
    for (int k = 0; k < 3; ++k) g_held.push_back(holds_three_quarters(bytes));
    g_held.push_back(holds_a_quarter(bytes));
    g_bytes_held += 4 * bytes;
    // What does not stay: freed by its own thread, moved, aligned.
    free(malloc(bytes));
    free(realloc(malloc(bytes), 2 * bytes));
    free(aligned_alloc(64, (bytes + 63) / 64 * 64));
    free(calloc(3, bytes));
  }
}

[[gnu::noinline]] void leaks(size_t bytes) {
  void* const block = malloc(bytes);
  asm volatile("" ::"r"(block) : "memory");
}
void leak() {
  while (!g_stop) {
    for (int i = 0; i < 16; ++i) leaks(1024);
    const std::vector<char> used_and_freed(10'000);
    asm volatile("" ::"r"(used_and_freed.data()) : "memory");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// Blocks that one thread allocates and another frees, through every form there is.
std::mutex g_handed_mutex;
std::vector<std::pair<char*, size_t>> g_handed;
[[noreturn]] void broken(const char* what) {
  fprintf(stderr, "%s\n", what);
  abort();
}
char* allocate(unsigned form, size_t bytes) {
  switch (form % 8) {
    case 0: return static_cast<char*>(malloc(bytes));
    case 1: {
      auto* const zeroed = static_cast<char*>(calloc(1, bytes));
      for (size_t i = 0; i < bytes; ++i)
        if (zeroed[i] != 0) broken("calloc gave what is not zero");
      return zeroed;
    }
    case 2: {
      auto* block = static_cast<char*>(malloc(bytes / 2 + 1));
      memset(block, 7, bytes / 2 + 1);
      block = static_cast<char*>(realloc(block, bytes));
      if (block[bytes / 2] != 7) broken("realloc lost a byte");
      return block;
    }
    case 3: {
      auto* const aligned = static_cast<char*>(aligned_alloc(256, (bytes + 255) / 256 * 256));
      if (reinterpret_cast<uintptr_t>(aligned) % 256 != 0) broken("not aligned");
      return aligned;
    }
    case 4: {
      void* block = nullptr;
      if (posix_memalign(&block, 16384, bytes) != 0) broken("no memory");
      if (reinterpret_cast<uintptr_t>(block) % 16384 != 0) broken("not aligned");
      return static_cast<char*>(block);
    }
    case 5: return static_cast<char*>(memalign(64, bytes));
    case 6: {
      char* const copy = strdup(std::string(bytes - 1, 'x').c_str());
      if (malloc_usable_size(copy) < bytes) broken("less is usable than was asked for");
      return copy;
    }
    default: return static_cast<char*>(valloc(bytes));
  }
}
void storm(unsigned seed) {
  unsigned random = seed * 2654435761u + 1;
  while (!g_stop) {
    random = random * 1103515245 + 12345;
    const size_t bytes = 2 + (random >> 8) % ((random >> 4) % 64 == 0 ? 1u << 20 : 2000);
    char* const block = allocate(random >> 16, bytes);
    memset(block, static_cast<int>(bytes), bytes);
    std::pair<char*, size_t> taken{};
    {
      const std::lock_guard lock(g_handed_mutex);
      g_handed.emplace_back(block, bytes);
      if (g_handed.size() > 500) {
        std::swap(g_handed[(random >> 10) % g_handed.size()], g_handed.back());
        taken = g_handed.back();
        g_handed.pop_back();
      }
    }
    for (size_t i = 0; i < taken.second; i += 97)
      if (taken.first[i] != static_cast<char>(taken.second)) broken("a block was overwritten");
    free(taken.first);
    if (random % 4096 == 0) {
      // Under the lock: the child finds the list whole.
      const std::lock_guard lock(g_handed_mutex);
      const pid_t child = fork();
      if (child == 0) {
        // What the parent sampled is freed here too, and new blocks come.
        for (const auto& [each, size] : g_handed) ::free(each);
        void* const fresh = malloc(1 << 20);
        memset(fresh, 1, 1 << 20);
        _exit(0);
      }
      int status = 0;
      waitpid(child, &status, 0);
      if (status != 0) broken("the child fell");
    }
  }
}

// A convoy: four of five wait while one holds the lock and computes. The other lock is hardly ever
// contended, and a pool waits for work that never comes.
std::mutex g_convoy;
std::mutex g_free;
std::mutex g_pool;
std::condition_variable g_work;
[[gnu::noinline]] void stands_in_the_convoy() {
  const std::lock_guard lock(g_convoy);
  const uint64_t x = burn(100'000);
  asm volatile("" ::"r"(x));
}
[[gnu::noinline]] void takes_what_is_free() {
  const std::lock_guard lock(g_free);
  asm volatile("" ::: "memory");
}
void convoy() {
  while (!g_stop) {
    stands_in_the_convoy();
    takes_what_is_free();
  }
}
[[gnu::noinline]] void waits_for_work() {
  std::unique_lock lock(g_pool);
  g_work.wait_for(lock, std::chrono::milliseconds(20));
}
void pool() {
  while (!g_stop) waits_for_work();
}

std::mutex g_first;
std::mutex g_second;
std::atomic<int> g_holders{0};
[[gnu::noinline]] void locks_first_then_second() {
  const std::lock_guard first(g_first);
  for (++g_holders; g_holders != 2;) std::this_thread::yield();
  const std::lock_guard second(g_second);
}
[[gnu::noinline]] void locks_second_then_first() {
  const std::lock_guard second(g_second);
  for (++g_holders; g_holders != 2;) std::this_thread::yield();
  const std::lock_guard first(g_first);
}

}  // namespace

int main(int argc, char** argv) {
  Service load{{.name = "load", .about = "Spends its time as it says."}};
  auto what = load.option<std::string>(
      "what", {.otherwise = "split",
               .help = "split, mixed, short, hold, leak, storm, convoy, deadlock, or idle"});
  auto count = load.option<int>("threads", {.otherwise = 1, .help = "how many of them"});
  auto interval = load.option<int>(
      "interval", {.otherwise = 512 << 10, .help = "bytes between sampled allocations"});
  std::vector<std::thread> running;
  load.on_start([&]() -> Result<void> {
    profile::set_heap_interval(static_cast<size_t>(*interval));
    if (*what == "hold") {
      hold(size_t{256} << 20);
      log::info("held: {bytes}", g_bytes_held);
    }
    for (int i = 0; i < *count; ++i) {
      if (*what == "leak") running.emplace_back(leak);
      if (*what == "storm") running.emplace_back(storm, static_cast<unsigned>(i));
      if (*what == "convoy") running.emplace_back(convoy);
      if (*what == "split") running.emplace_back(split);
      if (*what == "mixed") running.emplace_back(mixed);
      if (*what == "short") running.emplace_back(short_lived);
    }
    if (*what == "convoy") running.emplace_back(pool);
    if (*what == "deadlock") {
      std::thread(locks_first_then_second).detach();
      std::thread(locks_second_then_first).detach();
    }
    return {};
  });
  load.on_drain([&] {
    g_stop = true;
    for (std::thread& thread : running) thread.join();
  });
  return run(argc, argv, load);
}
