// The log's private state in this process: the one process-wide handle of the library.
#pragma once

#include <atomic>
#include <cstdint>

#include "outrigger/internal/log_call.h"
#include "segment/layout.h"

namespace outrigger::log {

struct ThreadWaits {
  int64_t window_began_ns;  // CLOCK_MONOTONIC
  int64_t waited_ns;        // within that window
};

// Lies in memory that the kernel wipes in children of fork(), by whatever system call the child was
// made: there `attached` reads 0 and no writer has any room.
struct Private {
  uint32_t attached;
  internal::Writer writers[segment::kRings];
  uint64_t positions[segment::kRings];  // where each ring's last writer ended; never read from the
                                        // segment
  ThreadWaits waits[segment::kRings];
};

struct Process {
  std::atomic<Private*> state{nullptr};  // nullptr: not attached, calls go to stderr
  segment::View view;  // valid while state is set; not mapped in children of fork()
  std::atomic<uint64_t> lost_unattached{0};
};
extern constinit Process g_process;

struct Thread {
  bool in_slow_path = false;  // a signal handler may call again
  bool never_wait = false;
  uint32_t calls_without_ring = 0;
  int32_t thread_id = 0;  // 0: not asked yet

  int32_t id();
};
extern constinit thread_local Thread t_thread;

// Gives the calling thread a ring of its own, if one is free. Returns its writer or nullptr.
internal::Writer* claim_ring(Private& state);

// A record's bytes from the slow path's arguments: how large it is, and writing it.
struct Shape {
  const char* format;
  const void* site;
  const internal::ArgumentType* types;
  const internal::SlowArgument* arguments;
  size_t count;
  uint32_t level;
  bool copied_text;  // the call's constants lie outside the executable's image
  size_t fixed;      // bytes before the texts
  size_t size;       // whole record, a multiple of 8
};
// `bytes_max`: texts are cut to fit into it.
Shape shape_of(uint32_t level, const char* format, const void* site,
               const internal::ArgumentType* types, const internal::SlowArgument* arguments,
               size_t count, size_t bytes_max);
// Writes shape.size bytes; returns whether a text had to be cut.
bool write_record(char* to, const Shape& shape, uint64_t ticks, uint64_t sequence);

// WARN and above, rendered by the calling thread.
void write_to_stderr(const Shape& shape);

}  // namespace outrigger::log

namespace outrigger::internal {
bool is_blank(const Writer* writer);
void make_blank();  // this thread has no ring any more
}  // namespace outrigger::internal
