// A service that ends as it is told to, in the thread that it is told: GET /die?how=...&where=...
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "outrigger/outrigger.h"

namespace dier {

using namespace outrigger;

std::atomic<int> g_zero{0};
std::atomic<int*> g_nowhere{nullptr};
std::atomic<void (*)()> g_no_function{nullptr};

[[gnu::noinline]] void reads_nowhere() {
  g_zero = *g_nowhere.load() + 1;
  asm volatile("");
}
[[gnu::noinline]] void calls_nowhere() {
  g_no_function.load()();
  asm volatile("");
}
[[gnu::noinline]] int overflows(int depth) {
  char room[512];
  memset(room, depth, sizeof(room));
  asm volatile("" ::"r"(room) : "memory");
  return overflows(depth + 1) + room[depth & 511];
}
[[gnu::noinline]] void reads_beyond_the_file() {
  const int fd = memfd_create("short", MFD_CLOEXEC);
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
  g_zero = static_cast<const std::atomic<int>*>(page)->load();
  asm volatile("");
}
[[gnu::noinline]] void divides() {
  const int zero = g_zero.load();
  g_zero = 7 / zero;
  asm volatile("");
}
[[gnu::noinline]] void traps() { __builtin_trap(); }
[[gnu::noinline]] void aborts() { abort(); }
struct OutOfStock : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[gnu::noinline]] void throws() { throw OutOfStock("no teapots left"); }
[[gnu::noinline]] void throws_through_noexcept() noexcept { throws(); }
// Four megabytes a step, each byte of it touched.
[[gnu::noinline]] void leaks() {
  for (;;) {
    auto* const block = static_cast<char*>(malloc(64u << 10));
    if (block == nullptr) continue;
    memset(block, 1, 64u << 10);
    asm volatile("" ::"r"(block) : "memory");
    static int blocks = 0;
    if (++blocks % 64 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}
// As fast to 180 MB, then 2.5 MB a second: there is time to tell of it.
[[gnu::noinline]] void seeps() {
  for (int blocks = 0;; ++blocks) {
    auto* const block = static_cast<char*>(malloc(64u << 10));
    if (block == nullptr) continue;
    memset(block, 1, 64u << 10);
    asm volatile("" ::"r"(block) : "memory");
    if (blocks > 180 * 16) std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
}
[[gnu::noinline]] void exits() { _exit(3); }
[[gnu::noinline]] void kills_itself() {
  kill(getpid(), SIGKILL);
  pause();
}

struct Way {
  const char* how;
  void (*function)();
};
constexpr Way kWays[] = {
    {"segv", reads_nowhere},
    {"call", calls_nowhere},
    {"bus", reads_beyond_the_file},
    {"fpe", divides},
    {"ill", traps},
    {"abort", aborts},
    {"exit", exits},
    {"leak", leaks},
    {"seep", seeps},
    {"kill", kills_itself},
    {"throw", throws_through_noexcept},
    {"overflow", [] { g_zero = overflows(0); }},
};
void (*way(const std::string& how))() {
  for (const Way& each : kWays)
    if (how == each.how) return each.function;
  return nullptr;
}

std::atomic<void (*)()> g_of_main{nullptr};

void many(void (*function)()) {
  static std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([i, function] {
      pthread_setname_np(pthread_self(), ("many-" + std::to_string(i)).c_str());
      while (!go.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (i % 8 == 0) function();
      for (;;) pause();
    });
  }
  go = true;
  for (std::thread& each : threads) each.join();
}

std::mutex g_first;
std::mutex g_second;
[[gnu::noinline]] void locks(std::mutex& one, std::mutex& other, std::atomic<int>& held) {
  one.lock();
  ++held;
  while (held < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  other.lock();
}

std::atomic<bool> g_looping{false};

// The loop of main(): it beats until it is told to die, or to stand still.
int loop(int, char**) {
  std::atomic<bool> ended{false};
  on_drain([&] { ended = true; });
  g_looping = true;
  while (!ended) {
    if (void (*function)() = g_of_main.load()) function();
    beat();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return 0;
}

}  // namespace dier

int main(int argc, char** argv) {
  using namespace outrigger;
  using namespace dier;
  Service service{{.name = "dier",
                   .about = "Ends as it is told.",
                   .profiles_bucket_output = "ProfilesBucketName"}};
  service.operation("die", "Ends the service.")
      .arg<std::string>("how",
                        "segv, call, overflow, bus, fpe, ill, abort, throw, exit, kill, leak, seep")
      .arg<std::string>("where", "main, worker or many")
      .does([](const std::string& how, const std::string& where) -> Result<Json> {
        void (*const function)() = way(how);
        if (function == nullptr) return bad_input("how", how, "a way to die");
        // The whole start is over then, and main()'s stack is the one that is looked for.
        while (!g_looping) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        log::info("about to die by {how} in {where}", how, where);
        if (where == "main") {
          g_of_main = function;
          return Json{{"soon", true}};
        }
        where == "many" ? many(function) : function();
        return Json{{"lives", true}};
      });
  service.operation("deadlock", "Two threads wait for each other's lock, main() for both.")
      .does([]() -> Result<Json> {
        static std::atomic<int> held{0};
        for (const bool swapped : {false, true}) {
          std::thread([swapped] {
            pthread_setname_np(pthread_self(), swapped ? "backward" : "forward");
            swapped ? locks(g_second, g_first, held) : locks(g_first, g_second, held);
          }).detach();
        }
        while (held < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        g_of_main = [] { g_first.lock(); };
        return Json{{"locked", true}};
      });
  return adopt(service, argc, argv, loop);
}
