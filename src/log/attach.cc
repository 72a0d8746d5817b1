// Attaching the log to a segment, and the life of a thread's ring: claimed at its first call, ended
// with the thread.
#include "log/attach.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

#include "log/process.h"
#include "outrigger/log.h"

namespace outrigger::log {

using segment::RingControl;
using segment::RingState;

// The ends of the executable's image, as the linker names them.
extern const char ehdr_start[] asm("__ehdr_start");
extern const char image_end[] asm("_end");

namespace {

constinit pthread_key_t g_thread_end_key{};

void end_ring(void* ring_plus_one) {
  Private* const state = g_process.state.load(std::memory_order_acquire);
  if (state == nullptr || state->attached == 0) return;
  const size_t index = reinterpret_cast<uintptr_t>(ring_plus_one) - 1;
  internal::Writer& w = state->writers[index];
  if (internal::own_writer() == &w) internal::make_blank();
  state->positions[index] = reinterpret_cast<uintptr_t>(w.cursor) - w.adjust;
  RingControl& ring = g_process.view.ring(index);
  ring.calls.store(w.sequence, std::memory_order_relaxed);
  w = internal::Writer{};
  // Release: pairs with the keeper's acquire; it frees the ring after it has read everything.
  ring.state.store(static_cast<uint32_t>(RingState::kEnded), std::memory_order_release);
}

void lay_out_writer(Private& state, uint32_t index) {
  const segment::View& view = g_process.view;
  internal::Writer& w = state.writers[index];
  const uint64_t position = state.positions[index];
  w.ring = index;
  w.cursor = view.ring_data(index) + (position & (segment::kRingBytes - 1));
  w.limit = w.cursor;  // the first call takes the slow path, which looks at the keeper's mark
  w.adjust = reinterpret_cast<uintptr_t>(w.cursor) - position;
  w.published = &view.ring(index).write;
  w.sequence = 0;
  w.image = reinterpret_cast<uintptr_t>(ehdr_start);
  w.image_bytes = static_cast<uintptr_t>(image_end - ehdr_start);
  w.gate = w.image_bytes;
}

}  // namespace

int32_t Thread::id() {
  if (thread_id == 0) thread_id = static_cast<int32_t>(syscall(SYS_gettid));
  return thread_id;
}

internal::Writer* claim_ring(Private& state) {
  const segment::View& view = g_process.view;
  for (uint32_t i = 0; i < segment::kRings; ++i) {
    RingControl& ring = view.ring(i);
    uint32_t expected = static_cast<uint32_t>(RingState::kFree);
    if (ring.state.load(std::memory_order_relaxed) != expected) continue;
    // Acquire: pairs with the keeper's release when it freed the ring.
    if (!ring.state.compare_exchange_strong(expected, static_cast<uint32_t>(RingState::kClaimed),
                                            std::memory_order_acquire, std::memory_order_relaxed)) {
      continue;
    }
    ring.thread_id.store(t_thread.id(), std::memory_order_relaxed);
    prctl(PR_GET_NAME, ring.thread_name);
    lay_out_writer(state, i);
    internal::Writer* const writer = &state.writers[i];
    internal::set_own_writer(writer);
    pthread_setspecific(g_thread_end_key, reinterpret_cast<void*>(uintptr_t{i} + 1));
    return writer;
  }
  return nullptr;
}

void attach(void* segment_base) {
  void* memory = mmap(nullptr, segment::page_up(sizeof(Private)), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;  // calls go on to stderr
  madvise(memory, segment::page_up(sizeof(Private)), MADV_WIPEONFORK);
  static constinit bool key_made = false;
  if (!key_made) key_made = pthread_key_create(&g_thread_end_key, end_ring) == 0;
  auto* state = new (memory) Private{};
  state->attached = 1;
  g_process.view = segment::View(segment_base);
  g_process.view.control().level.store(internal::g_level.load(std::memory_order_relaxed),
                                       std::memory_order_relaxed);
  publish_modules(g_process.view);
  internal::make_blank();
  t_thread.calls_without_ring = 0;
  // Release: pairs with the acquire in emit_slow().
  g_process.state.store(state, std::memory_order_release);
}

void set_keeper_bell(int bell) { g_process.keeper_bell.store(bell, std::memory_order_relaxed); }

void detach() {
  internal::make_blank();
  g_process.state.store(nullptr, std::memory_order_release);
}

void set_level_number(uint32_t level) {
  if (level >= segment::kLevels) return;
  internal::g_level.store(static_cast<uint8_t>(level), std::memory_order_relaxed);
  apply_service_level(level);
}

Level level() noexcept {
  return static_cast<Level>(internal::g_level.load(std::memory_order_relaxed));
}

void set_level(Level level) noexcept {
  set_level_number(static_cast<uint32_t>(level));
  const Private* const state = g_process.state.load(std::memory_order_acquire);
  if (state == nullptr || state->attached == 0) return;
  g_process.view.control().level.store(static_cast<uint32_t>(level), std::memory_order_relaxed);
}

uint64_t dropped() noexcept {
  const Private* const state = g_process.state.load(std::memory_order_acquire);
  if (state == nullptr || state->attached == 0) return 0;
  uint64_t sum = 0;
  const auto add = [&](const std::atomic<uint64_t>(&counters)[segment::kLevels]) {
    for (const auto& counter : counters) sum += counter.load(std::memory_order_relaxed);
  };
  for (size_t i = 0; i < segment::kRings; ++i) add(g_process.view.ring(i).dropped);
  add(g_process.view.overflow().dropped);
  return sum;
}

void set_when_full(WhenFull choice) noexcept { t_thread.never_wait = choice == WhenFull::kDrop; }

void prepare_thread() noexcept {
  Private* const state = g_process.state.load(std::memory_order_acquire);
  if (state == nullptr || state->attached == 0) return;
  internal::Writer* w = internal::own_writer();
  if (internal::is_blank(w)) w = claim_ring(*state);
  if (w == nullptr) return;
  char* data = g_process.view.ring_data(w->ring);
  if (madvise(data, segment::kRingBytes, MADV_POPULATE_WRITE) == 0) return;
  for (size_t at = 0; at < segment::kRingBytes; at += segment::kPage) {  // before Linux 5.14
    auto* byte = reinterpret_cast<std::atomic<char>*>(data + at);
    byte->fetch_add(0, std::memory_order_relaxed);
  }
}

}  // namespace outrigger::log
