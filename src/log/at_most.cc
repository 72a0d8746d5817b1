// log::at_most() and one_in(): a fixed table of call sites, each with a count, for the current
// second or for ever.
#include <time.h>

#include <atomic>
#include <bit>

#include "base/clock.h"
#include "log/process.h"
#include "outrigger/log.h"

namespace outrigger::log {
namespace {

constexpr size_t kSlots = 1024;

// Two sites that meet in one slot take turns: each turn begins a new window, so a bound may be
// passed, never undercut for long. That is the price of a table without locks or growth.
struct Slot {
  std::atomic<const void*> site{nullptr};
  std::atomic<int64_t> second{0};
  std::atomic<uint32_t> calls{0};
  std::atomic<uint32_t> held_back{0};
};
constinit Slot g_slots[kSlots];

Slot& slot_of(const void* site) {
  return g_slots[(reinterpret_cast<uintptr_t>(site) / sizeof(void*) * 0x9e3779b97f4a7c15u) >> 54];
}

int64_t second_now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);  // vDSO: no system call
  return now.tv_sec;
}

void count_suppressed() {
  const Private* const state = g_process.state.load(std::memory_order_acquire);
  if (state != nullptr && state->attached != 0)
    g_process.view.service().suppressed.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

bool at_most(uint32_t per_second, std::source_location where) noexcept {
  const void* const site = std::bit_cast<const void*>(where);
  Slot& slot = slot_of(site);
  const int64_t now = second_now();
  // Relaxed throughout: the counts are bounds, not synchronisation.
  const bool same_site = slot.site.load(std::memory_order_relaxed) == site;
  if (!same_site || slot.second.load(std::memory_order_relaxed) != now) {
    slot.site.store(site, std::memory_order_relaxed);
    slot.second.store(now, std::memory_order_relaxed);
    slot.calls.store(0, std::memory_order_relaxed);
    const uint32_t held_back = slot.held_back.exchange(0, std::memory_order_relaxed);
    if (held_back != 0 && same_site) {
      warn("{suppressed} entries were held back at {file}:{line}", held_back, where.file_name(),
           where.line());
    }
  }
  if (slot.calls.fetch_add(1, std::memory_order_relaxed) < per_second) return true;
  slot.held_back.fetch_add(1, std::memory_order_relaxed);
  count_suppressed();
  return false;
}

bool one_in(uint32_t n, std::source_location where) noexcept {
  const void* const site = std::bit_cast<const void*>(where);
  Slot& slot = slot_of(site);
  if (slot.site.load(std::memory_order_relaxed) != site) {
    slot.site.store(site, std::memory_order_relaxed);
    slot.calls.store(0, std::memory_order_relaxed);
  }
  if (n <= 1 || slot.calls.fetch_add(1, std::memory_order_relaxed) % n == 0) return true;
  count_suppressed();
  return false;
}

bool one_in(uint32_t n, const Context& context) noexcept {
  // The last bytes: level 2 of the specification asks for randomness in those.
  uint64_t number = 0;
  for (size_t i = 8; i < 16; ++i) number = number << 8 | context.block_.head.trace_id[i];
  if (n <= 1 || number % n == 0) return true;
  count_suppressed();
  return false;
}

}  // namespace outrigger::log
