// A service whose time goes where its name says: the truth that profiles of it are held against.
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "mixed.h"
#include "outrigger/outrigger.h"

namespace {

using namespace outrigger;

// Alone in its function once it is inlined: no share of its own is in the symbol table.
[[gnu::always_inline]] inline uint64_t is_inlined(uint64_t rounds) { return burn(rounds) ^ 5; }

// Each its share of the time. Not tail calls: the caller's frame must be there.
[[gnu::noinline]] uint64_t burns_seventy(uint64_t unit) { return burn(70 * unit) + 1; }
[[gnu::noinline]] uint64_t burns_twenty(uint64_t unit) { return burn(20 * unit) + 1; }
[[gnu::noinline]] uint64_t burns_ten(uint64_t unit) { return is_inlined(10 * unit) + 1; }

void split() {
  while (!g_stop) {
    uint64_t x = burns_twenty(2000) + burns_ten(2000);
    const auto tag = profile::label("share", "most");
    x += burns_seventy(2000);
    asm volatile("" ::"r"(x));
  }
}

// Two threads, one of which is left out.
void excluded(std::vector<std::thread>& running) {
  running.emplace_back([] {
    profile::exclude_thread();
    while (!g_stop) {
      const uint64_t x = burns_twenty(30'000);
      asm volatile("" ::"r"(x));
    }
  });
  running.emplace_back([] {
    while (!g_stop) {
      const uint64_t x = burns_ten(60'000);
      asm volatile("" ::"r"(x));
    }
  });
}

// Threads that live for a millisecond or so, and as much work on one that stays.
void short_lived() {
  while (!g_stop) {
    std::thread([] {
      const uint64_t x = burns_ten(60'000);
      asm volatile("" ::"r"(x));
    }).join();
    const uint64_t x = burns_twenty(30'000);
    asm volatile("" ::"r"(x));
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
// So that it is there.
void touch(void* block, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 4096) static_cast<volatile char*>(block)[at] = 1;
}
size_t g_bytes_held = 0;
void hold(size_t bytes_in_all) {
  g_held.reserve(bytes_in_all / 21'000);
  constexpr size_t kSizes[] = {24, 100, 1000, 5000, 100'000};
  for (unsigned i = 0; g_bytes_held < bytes_in_all; ++i) {
    const size_t bytes = kSizes[i % 5];
    for (int k = 0; k < 3; ++k) g_held.push_back(holds_three_quarters(bytes));
    g_held.push_back(holds_a_quarter(bytes));
    for (size_t k = g_held.size() - 4; k < g_held.size(); ++k) touch(g_held[k], bytes);
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

// What a program may do besides, all at once, under the highest rate of samples.
std::atomic<uint64_t> g_own_signals{0};
void signals() {
  struct sigaction action = {};
  action.sa_handler = [](int) { ++g_own_signals; };
  sigaction(SIGUSR2, &action, nullptr);
  while (!g_stop) {
    pthread_kill(pthread_self(), SIGUSR2);
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}
void starts_programs() {
  while (!g_stop) {
    const pid_t child = fork();
    if (child == 0) {
      execl("/proc/self/exe", "load", "version", nullptr);
      _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) broken("a started program fell");
  }
}
#ifdef LOAD_IS_DYNAMIC
void loads_libraries() {
  while (!g_stop) {
    void* const library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) broken("dlopen failed");
    const auto bound =
        reinterpret_cast<unsigned long (*)(unsigned long)>(dlsym(library, "compressBound"));
    if (bound == nullptr || bound(100) < 100) broken("dlsym failed");
    dlclose(library);
  }
}
#endif
void torture(std::vector<std::thread>& running) {
  for (unsigned i = 0; i < 2; ++i) running.emplace_back(storm, i);
  running.emplace_back(mixed);
  running.emplace_back(short_lived);
  running.emplace_back(convoy);
  running.emplace_back(convoy);
  running.emplace_back(signals);
  running.emplace_back(starts_programs);
#ifdef LOAD_IS_DYNAMIC
  running.emplace_back(loads_libraries);
#endif
}

// A gigabyte a second, all of it freed again.
[[gnu::noinline]] void churns() {
  constexpr size_t kBytes = 64 << 10;
  constexpr size_t kBlocks = 64;
  auto next = std::chrono::steady_clock::now();
  while (!g_stop) {
    void* blocks[kBlocks];
    for (void*& each : blocks) {
      each = malloc(kBytes);
      asm volatile("" ::"r"(each) : "memory");
    }
    for (void* each : blocks) free(each);
    next += std::chrono::microseconds(kBytes * kBlocks / 1074);  // 2^30 bytes a second
    std::this_thread::sleep_until(next);
  }
}

// One megabyte a minute.
[[gnu::noinline]] void leaks_slowly() {
  while (!g_stop) {
    leaks(1024);
    std::this_thread::sleep_for(std::chrono::microseconds(60'000'000 / 1024));
  }
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
      "what",
      {.otherwise = "split",
       .help = "split, mixed, short, excluded, hold, leak, slow-leak, storm, convoy, torture, "
               "deadlock, or idle"});
  auto count = load.option<int>("threads", {.otherwise = 1, .help = "how many of them"});
  auto interval = load.option<int>(
      "interval", {.otherwise = 512 << 10, .help = "bytes between sampled allocations"});
  auto megabytes = load.option<int>("megabytes", {.otherwise = 256, .help = "that are held"});
  auto churn = load.option<bool>("churn", {.otherwise = false, .help = "allocate 1 GB/s besides"});
  auto record = load.option<int>("record", {.otherwise = 10, .help = "Hz of what is recorded"});
  auto no_waits = load.option<bool>("no-waits", {.otherwise = false, .help = "sample none"});
  load.operation("drop", "Gives back all that is held.").does([]() -> Result<Json> {
    for (void* const each : g_held) free(each);
    g_held.clear();
    return Json(true);
  });
  load.alarm("Large").when(metrics::service_memory > 128 << 20);
  load.operation("echo", "Answers what it is asked.")
      .arg<int>("number", "which number")
      .read_only()
      .does([](const int& number) -> Result<Json> { return Json(number); });
  std::vector<std::thread> running;
  load.on_start([&]() -> Result<void> {
    profile::set_heap_interval(static_cast<size_t>(*interval));
    profile::set_record_rate(static_cast<unsigned>(*record));
    if (*no_waits) profile::set_wait_interval(std::chrono::nanoseconds(0));
    if (*what == "hold") {
      hold(static_cast<size_t>(*megabytes) << 20);
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
    if (*what == "torture") torture(running);
    if (*what == "excluded") excluded(running);
    if (*what == "slow-leak") running.emplace_back(leaks_slowly);
    if (*churn) running.emplace_back(churns);
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
