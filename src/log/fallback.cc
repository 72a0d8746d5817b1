// Without a segment (a unit test, a tool, a program before or after run()) WARN and above go to
// stderr, rendered by the calling thread; a test may capture all. This is not the hot path: it takes a lock and may
// allocate at a call site's first entry.
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include <memory>
#include <new>

#include "base/clock.h"
#include "log/attach.h"
#include "log/process.h"
#include "render/entry.h"
#include "render/image.h"

namespace outrigger::log {
namespace {

constexpr uint32_t kWarn = 3;
constinit std::atomic_flag g_lock{};
constinit uint64_t g_sequence = 0;
alignas(8) constinit char g_record[internal::kRecordBytesMax]{};

// A spinning lock: it must be possible to take it in a child of fork(), and it is held for
// microseconds.
class Lock {
 public:
  Lock() {
    while (g_lock.test_and_set(std::memory_order_acquire)) sched_yield();
  }
  ~Lock() { g_lock.clear(std::memory_order_release); }
};

void write_all(const char* data, size_t size) {
  while (size > 0) {
    const ssize_t n = write(STDERR_FILENO, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody is there to be told
    data += n;
    size -= static_cast<size_t>(n);
  }
}

void render_and_write(const Shape& shape) {
  write_record(g_record, shape, base::ticks(), g_sequence++);
  segment::RawRecord raw;
  raw.bytes = g_record;
  raw.size = static_cast<uint32_t>(shape.size);
  raw.level = shape.call.level;
  raw.sequence = g_sequence;
  raw.thread_id = t_thread.id();

  // Never destroyed: other objects' destructors may still log.
  static auto* const decoder = new render::Decoder(render::Image::of_program());
  static auto* const lines = new render::TextLines(render::Colours::kNone);
  const render::Entry entry = decoder->decode(raw, base::real_ns());
  if (const auto capture = g_process.capture.load(std::memory_order_acquire)) {
    if (!capture(entry)) return;
  }
  if (shape.call.level < kWarn) return;
  const std::unique_ptr<char[]> line(new char[render::bytes_max(entry)]);
  const char* const end = lines->append(line.get(), entry);
  write_all(line.get(), static_cast<size_t>(end - line.get()));
}

}  // namespace

void write_unattached(const Shape& shape) {
  // Relaxed: a test that begins meanwhile may miss this one.
  if (shape.call.level < kWarn && g_process.capture.load(std::memory_order_relaxed) == nullptr)
    return;
  Thread& thread = t_thread;
  if (thread.in_slow_path) {  // a signal handler interrupted this very function
    g_process.lost_unattached.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  thread.in_slow_path = true;
  {
    const Lock lock;
    try {
      render_and_write(shape);
    } catch (const std::bad_alloc&) {
      g_process.lost_unattached.fetch_add(1, std::memory_order_relaxed);
    }
  }
  thread.in_slow_path = false;
}

bool set_capture(bool (*capture)(const render::Entry& entry)) {
  if (g_process.state.load(std::memory_order_acquire) != nullptr) return false;
  // No call is inside the one before when this returns.
  const Lock lock;
  if (capture != nullptr && g_process.capture.load(std::memory_order_relaxed) != nullptr)
    return false;
  g_process.capture.store(capture, std::memory_order_release);
  return true;
}

}  // namespace outrigger::log
