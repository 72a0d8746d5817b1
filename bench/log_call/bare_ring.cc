// The limit: a timestamp and a copy into a ring that nobody reads. No levels, no counts, no safety.
#include <cstring>

#include "harness.h"

namespace outrigger::bench {
namespace {

constexpr size_t kRingBytes = 512u << 10;

struct BareRing {
  static std::string name() { return "bare_ring"; }
  static void prepare() {
    if (t_ring == nullptr) t_ring = static_cast<char*>(aligned_alloc(4096, kRingBytes));
    memset(t_ring, 0, kRingBytes);
    t_at = 0;
  }
  [[gnu::noinline]] static void call(uint64_t id, const std::string& name, double price) {
    const size_t size = 40 + name.size();
    if (t_at + size > kRingBytes) t_at = 0;
    char* to = t_ring + t_at;
    const uint64_t ticks = now_ticks();
    const uint64_t length = name.size();
    memcpy(to, &ticks, 8);
    memcpy(to + 8, &id, 8);
    memcpy(to + 16, &price, 8);
    memcpy(to + 24, &length, 8);
    memcpy(to + 32, name.data(), name.size());
    t_at += (size + 7) & ~size_t{7};
    t_published.store(t_at, std::memory_order_release);
  }

  static inline thread_local char* t_ring = nullptr;
  static inline thread_local size_t t_at = 0;
  static inline thread_local std::atomic<size_t> t_published{0};
};

[[maybe_unused]] const int registered = register_peer<BareRing>();

}  // namespace
}  // namespace outrigger::bench
