// The slow paths of a log call: the ring wraps or is full, the thread has no ring yet, the call is
// nested in a signal handler, the process is a forked child, or there is no segment at all.
#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "log/attach.h"
#include "log/process.h"
#include "outrigger/log_module.h"

namespace outrigger::internal {
namespace {
constinit Writer g_blank{};
}
// The wrapper that TLS initialisation would need is avoided by constant initialisation.
constinit thread_local Writer* t_writer = &g_blank;
constinit std::atomic<uint8_t> g_level{2};

bool is_blank(const Writer* writer) { return writer == &g_blank; }
Writer* own_writer() {
  return log::t_thread.within != nullptr ? log::t_thread.writer_outside : t_writer;
}
void set_own_writer(Writer* writer) {
  (log::t_thread.within != nullptr ? log::t_thread.writer_outside : t_writer) = writer;
}
void make_blank() { set_own_writer(&g_blank); }
void hide_writer() { t_writer = &g_blank; }
}  // namespace outrigger::internal

namespace outrigger::log {

using internal::kRecordBytesMax;
using internal::Writer;
using segment::kLevels;
using segment::kRingBytes;

constinit Process g_process;
constinit thread_local Thread t_thread;

namespace {

// ERROR and FATAL wait for room no longer than this in any second, per thread.
constexpr int64_t kWaitBudgetNs = 100 * base::kNsPerMs;
constexpr int64_t kWaitStepNs = 50'000;
constexpr uint32_t kErrorLevel = 4;
// The keeper looks by itself, after a silence each 20 ms; a burst can fill a ring sooner. Whoever
// comes past a quarter of it rings the keeper's bell, and again only after it was nearly empty.
constexpr uint64_t kRingsAt = kRingBytes / 4;
constexpr uint64_t kNearlyEmpty = kRingBytes / 8;
// A thread without a ring looks for a free one at its first call and at each 256th.
constexpr uint32_t kClaimEvery = 256;

uint64_t position_of(const Writer& w) { return reinterpret_cast<uintptr_t>(w.cursor) - w.adjust; }

// The keeper's mark, clamped: whatever stands there, it yields at most a ring's worth of room.
uint64_t read_mark(const segment::RingControl& ring, uint64_t position) {
  // Acquire: pairs with the release in segment::Reader::release(); the keeper has copied what lies
  // below.
  const uint64_t read = ring.read.load(std::memory_order_acquire);
  if (read > position || position - read > kRingBytes) return position - kRingBytes;
  return read;
}

// Where a position lies. The fast path only ever adds to the cursor, so that it may stand at the very
// end of the ring, which is its beginning.
void place_cursor(Writer& w, uint64_t position) {
  w.cursor = g_process.view.ring_data(w.ring) + (position & (kRingBytes - 1));
  w.adjust = reinterpret_cast<uintptr_t>(w.cursor) - position;
}

// The fast path may go on to `limit` without looking: not past the end of the ring, nor into what
// the keeper has not read, nor more than the largest record, so that longer ones come here to be
// cut.
void set_limit(Writer& w, uint64_t position, uint64_t read) {
  const uint64_t to_end = kRingBytes - (position & (kRingBytes - 1));
  const uint64_t room = kRingBytes - (position - read);
  w.limit = w.cursor + std::min({to_end, room, uint64_t{kRecordBytesMax}});
}

bool has_room(Writer& w, const segment::RingControl& ring, size_t size) {
  const uint64_t position = position_of(w);
  const uint64_t read = read_mark(ring, position);
  const uint64_t to_end = kRingBytes - (position & (kRingBytes - 1));
  const uint64_t needed = size <= to_end ? size : to_end + size;
  return needed <= kRingBytes - (position - read);
}

bool wait_for_room(Private& state, Writer& w, const segment::RingControl& ring, size_t size) {
  ThreadWaits& waits = state.waits[w.ring];
  const segment::Supervision& supervision = g_process.view.supervision();
  int64_t now = base::monotonic_ns();
  if (now - waits.window_began_ns > base::kNsPerSecond) waits = {now, 0, waits.rang};
  while (waits.waited_ns < kWaitBudgetNs) {
    // Relaxed: one step late is as good.
    if (supervision.keeper_stuck.load(std::memory_order_relaxed) != 0) return false;
    const timespec step{0, kWaitStepNs};
    nanosleep(&step, nullptr);
    const int64_t later = base::monotonic_ns();
    waits.waited_ns += later - now;
    now = later;
    if (has_room(w, ring, size)) return true;
  }
  return false;
}

void count_drop(Writer& w, segment::RingControl& ring, uint32_t level) {
  internal::count_call(w.sequence);
  ring.dropped[level].fetch_add(1, std::memory_order_relaxed);
}

// A program may have closed every descriptor that it does not know, and have another one under this
// number: only what is still no file, no pipe and no socket is written to. (An eventfd's mode has no
// type; of the others like it, none but an eventfd takes eight bytes.)
void ring_bell(int bell) {
  const int saved_errno = errno;
  const uint64_t one = 1;
  struct stat now;
  if (fstat(bell, &now) == 0 && (now.st_mode & S_IFMT) == 0) [[maybe_unused]]
    const ssize_t rung = write(bell, &one, sizeof(one));
  errno = saved_errno;
}

void ring_if_filling(ThreadWaits& waits, uint64_t unread) {
  if (unread < kNearlyEmpty) waits.rang = false;
  if (unread < kRingsAt || waits.rang) return;
  waits.rang = true;
  const int bell = g_process.keeper_bell.load(std::memory_order_relaxed);
  if (bell >= 0) ring_bell(bell);
}

void into_ring(Private& state, Writer& w, const Shape& shape) {
  segment::RingControl& ring = g_process.view.ring(w.ring);
  if (!has_room(w, ring, shape.size)) {
    const bool may_wait = shape.call.level >= kErrorLevel && !t_thread.never_wait;
    if (!may_wait || !wait_for_room(state, w, ring, shape.size))
      return count_drop(w, ring, shape.call.level);
  }
  uint64_t position = position_of(w);
  place_cursor(w, position);
  const uint64_t to_end = kRingBytes - (position & (kRingBytes - 1));
  if (shape.size > to_end) {
    // The rest of the ring is too short: a padding record, and on from the start.
    const uint32_t padding = static_cast<uint32_t>(to_end) | internal::kRecordPadding
                                                                 << internal::kRecordLevelShift;
    __builtin_memcpy(w.cursor, &padding, sizeof(padding));
    position += to_end;
    place_cursor(w, position);
  }
  if (write_record(w.cursor, shape, base::ticks(), w.sequence)) {
    g_process.view.service().truncated.fetch_add(1, std::memory_order_relaxed);
  }
  internal::count_call(w.sequence);
  position += shape.size;
  place_cursor(w, position);
  // Release: pairs with the acquire in segment::Reader::begin().
  ring.write.store(position, std::memory_order_release);
  const uint64_t read = read_mark(ring, position);
  set_limit(w, position, read);
  ring_if_filling(state.waits[w.ring], position - read);
}

// Threads beyond the number of rings share this queue: an atomic increment and a compare-and-swap a
// call.
void into_overflow(const Shape& shape) {
  segment::OverflowQueue& queue = g_process.view.overflow();
  const uint64_t sequence = queue.sequence.fetch_add(1, std::memory_order_relaxed);
  uint64_t ticket = queue.enqueue.load(std::memory_order_relaxed);
  for (;;) {
    segment::OverflowCell& cell = queue.cells[ticket % segment::kOverflowCells];
    const uint64_t free_turn = ticket / segment::kOverflowCells * 2;
    // Acquire: pairs with the keeper's release when it freed the cell.
    const uint64_t turn = cell.turn.load(std::memory_order_acquire);
    if (turn == free_turn) {
      if (!queue.enqueue.compare_exchange_weak(ticket, ticket + 1, std::memory_order_relaxed))
        continue;
      cell.thread_id = static_cast<uint32_t>(t_thread.id());
      if (write_record(cell.record, shape, base::ticks(), sequence)) {
        g_process.view.service().truncated.fetch_add(1, std::memory_order_relaxed);
      }
      // Release: pairs with the keeper's acquire of the turn.
      cell.turn.store(free_turn + 1, std::memory_order_release);
      return;
    }
    const uint64_t now = queue.enqueue.load(std::memory_order_relaxed);
    if (now == ticket) {  // the cell of an earlier lap is still full
      queue.dropped[shape.call.level].fetch_add(1, std::memory_order_relaxed);
      return;
    }
    ticket = now;
  }
}

// A call of a signal handler that interrupted another log call of this thread.
void count_nested(uint32_t level) {
  Writer* const w = internal::own_writer();
  if (!internal::is_blank(w)) return count_drop(*w, g_process.view.ring(w->ring), level);
  segment::OverflowQueue& queue = g_process.view.overflow();
  queue.sequence.fetch_add(1, std::memory_order_relaxed);
  queue.dropped[level].fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void commit(const Call& call) noexcept {
  // Acquire: pairs with the release in attach(); the view is set before.
  Private* const state = g_process.state.load(std::memory_order_acquire);
  if (state == nullptr) return write_unattached(shape_of(call, kRecordBytesMax));
  if (state->attached == 0) {  // wiped: a child of fork()
    g_process.view.forked().discarded.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  Thread& thread = t_thread;
  Writer* w = internal::own_writer();
  if (thread.in_slow_path || (!internal::is_blank(w) && w->gate == 0))
    return count_nested(call.level);
  thread.in_slow_path = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (internal::is_blank(w) && thread.calls_without_ring++ % kClaimEvery == 0) {
    if (Writer* claimed = claim_ring(*state)) w = claimed;
  }
  if (internal::is_blank(w)) {
    into_overflow(shape_of(call, segment::kOverflowRecordBytesMax));
  } else {
    // The gate is shut as in emit(): a signal handler's call must not meet a cursor that moves
    // here.
    w->gate = 0;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    into_ring(*state, *w, shape_of(call, kRecordBytesMax));
    std::atomic_signal_fence(std::memory_order_seq_cst);
    w->gate = w->image_bytes;
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread.in_slow_path = false;
}

}  // namespace outrigger::log

namespace outrigger::internal {

void emit_slow(uint32_t level, const char* format, const void* site, const ArgumentType* types,
               const SlowArgument* arguments, std::size_t count, Origin origin) noexcept {
  if (origin.context == nullptr && log::t_thread.within != nullptr)
    origin.context = log::t_thread.within->origin().context;
  log::commit({level,
               format,
               site,
               {},
               0,
               types,
               arguments,
               count,
               origin.context,
               origin.module != nullptr
                   ? std::string_view(origin.module->name, origin.module->name_bytes)
                   : std::string_view()});
}

std::string_view field_spec(std::string_view format, std::size_t index) noexcept {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '{') continue;
    if (i + 1 < format.size() && format[i + 1] == '{') {
      ++i;
      continue;
    }
    const std::size_t begin = i + 1;
    for (std::size_t depth = 1; ++i < format.size();) {
      if (format[i] == '{') ++depth;
      if (format[i] == '}' && --depth == 0) break;
    }
    if (index-- > 0) continue;
    const std::string_view body = format.substr(begin, i - begin);
    const std::size_t colon = body.find(':');
    return colon == std::string_view::npos ? std::string_view{} : body.substr(colon + 1);
  }
  return {};
}

void count_format_failure() noexcept {
  const auto* state = outrigger::log::g_process.state.load(std::memory_order_acquire);
  if (state == nullptr || state->attached == 0) return;
  outrigger::log::g_process.view.service().format_failures.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace outrigger::internal
