// Outrigger's profilers over the work of work.h: a service that measures itself and ends.
#include <pthread.h>
#include <stdio.h>

#include <thread>

#include "outrigger/outrigger.h"
#include "work.h"

// The allocator without the hooks (cmake/OutriggerAddService.cmake links with --wrap).
extern "C" void* __real_malloc(size_t bytes);
extern "C" void __real_free(void* block);
extern "C" int __real_pthread_mutex_lock(pthread_mutex_t* mutex);

namespace {

using namespace outrigger;

// One profile after the other, asked for at the service's own port.
class Profiles {
 public:
  explicit Profiles(std::string admin) : url_("http://" + admin + "/debug/pprof/profile") {}
  void on() {
    thread_ = std::thread([this] {
      profile::exclude_thread();
      http::Request request;
      request.url = url_ + "?seconds=3&hz=100";
      request.timeout = std::chrono::seconds(20);
      const auto answer = http::fetch(request);
      if (!answer.ok() || answer->status != 200) fprintf(stderr, "no profile\n");
    });
    // Until the timers run.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  void off() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  const std::string url_;
  std::thread thread_;
};

void heap_on() { profile::set_heap_interval(512 << 10); }
void heap_off() { profile::set_heap_interval(0); }
void nothing() {}

struct Hooked {
  static void* allocate(size_t bytes) { return malloc(bytes); }
  static void free(void* block) { ::free(block); }
};
struct Bare {
  static void* allocate(size_t bytes) { return __real_malloc(bytes); }
  static void free(void* block) { __real_free(block); }
};
// The same at other addresses: what a difference of nothing looks like.
struct BareAgain : Bare {};
// What is the least between a call and the allocator: one jump.
[[gnu::noinline, gnu::aligned(64)]] void* jump_to_malloc(size_t bytes) {
  return __real_malloc(bytes);
}
[[gnu::noinline, gnu::aligned(64)]] void jump_to_free(void* block) { __real_free(block); }
struct Jumped {
  static void* allocate(size_t bytes) { return jump_to_malloc(bytes); }
  static void free(void* block) { jump_to_free(block); }
};

void lock_only(int (*lock)(pthread_mutex_t*)) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  for (int i = 0; i < 64; ++i) {
    lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}
void hooked_locks() { lock_only(pthread_mutex_lock); }
void bare_locks() { lock_only(__real_pthread_mutex_lock); }

// The keeper looks ten times a second what rate is wanted.
void record(unsigned hz) {
  profile::set_record_rate(hz);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

void measure(const std::string& admin, const std::string& what) {
  if (what == "all" || what == "locks")
    bench::tell("lock_uncontended",
                bench::percent_more(301, {hooked_locks}, {bare_locks}, 10, nothing, nothing));
  if (what == "all" || what == "record") {
    std::this_thread::sleep_for(std::chrono::seconds(3));  // until it may begin
    // Many short pairs: what is looked for is less than what the machine does to a long one.
    bench::tell("record_10hz", bench::percent_more(
                                   51, {bench::ordinary}, {bench::ordinary}, 200,
                                   [] { record(10); }, [] { record(0); }));
  }
  if (what == "all" || what == "heap") {
    const auto hooked = bench::malloc_loops<Hooked>();
    const auto bare = bench::malloc_loops<Bare>();
    const auto bare_again = bench::malloc_loops<BareAgain>();
    const auto jumped = bench::malloc_loops<Jumped>();
    bench::tell("heap_malloc_only", bench::percent_more(801, hooked, bare, 4, heap_on, heap_off));
    bench::tell("heap_hooks_off", bench::percent_more(801, hooked, bare, 4, nothing, nothing));
    bench::tell("heap_jump", bench::percent_more(801, jumped, bare, 4, nothing, nothing));
    bench::tell("heap_noise", bench::percent_more(801, bare_again, bare, 4, nothing, nothing));
    bench::tell("heap_ordinary", bench::percent_more(301, {bench::ordinary}, {bench::ordinary}, 20,
                                                     heap_on, heap_off));
  }
  if (what != "all" && what != "cpu") return;
  std::this_thread::sleep_for(std::chrono::seconds(1));  // until the port is open
  Profiles profiles(admin);
  bench::tell("cpu_100hz", bench::percent_more(
                               15, {bench::ordinary}, {bench::ordinary}, 1000,
                               [&] { profiles.on(); }, [&] { profiles.off(); }));
}

}  // namespace

int main(int argc, char** argv) {
  Service service{{.name = "bench_profile_own", .about = "Measures its own profilers."}};
  auto admin = service.option<std::string>("own-admin", {.otherwise = "", .help = "as --admin"});
  auto what = service.option<std::string>(
      "what", {.otherwise = "all", .help = "heap, locks, record, cpu or all"});
  std::thread measuring;
  service.on_start([&]() -> Result<void> {
    measuring = std::thread([&] {
      measure(*admin, *what);
      stop();
    });
    return {};
  });
  service.on_drain([&] { measuring.join(); });
  return run(argc, argv, service);
}
