// A service whose time goes where its name says: the truth that profiles of it are held against.
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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
      "what", {.otherwise = "split", .help = "split, mixed, short, deadlock, or idle"});
  auto count = load.option<int>("threads", {.otherwise = 1, .help = "how many of them"});
  std::vector<std::thread> running;
  load.on_start([&]() -> Result<void> {
    for (int i = 0; i < *count; ++i) {
      if (*what == "split") running.emplace_back(split);
      if (*what == "mixed") running.emplace_back(mixed);
      if (*what == "short") running.emplace_back(short_lived);
    }
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
