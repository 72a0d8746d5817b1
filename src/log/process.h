// The log's private state in this process: the one process-wide handle of the library.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "outrigger/internal/log_call.h"
#include "outrigger/log_context.h"
#include "render/entry.h"
#include "segment/layout.h"

namespace outrigger::log {

struct ThreadWaits {
  int64_t window_began_ns;  // CLOCK_MONOTONIC
  int64_t waited_ns;        // within that window
  bool rang;                // the bell, and the ring has been nearly empty since not once
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
  std::atomic<int> keeper_bell{-1};
  std::atomic<uint64_t> lost_unattached{0};
  // Of a test: gets every entry while there is no segment, at any level that is on. Says whether
  // the entry may go to stderr as well. The calling thread holds the fallback's lock.
  std::atomic<bool (*)(const render::Entry& entry)> capture{nullptr};
};
extern constinit Process g_process;

struct Thread {
  // Within a context, t_writer is a blank one, so that every call takes the slow path; the thread's
  // own is kept here meanwhile.
  const Context* within = nullptr;
  internal::Writer* writer_outside = nullptr;
  bool in_slow_path = false;  // a signal handler may call again
  bool never_wait = false;
  uint32_t calls_without_ring = 0;
  int32_t thread_id = 0;  // 0: not asked yet

  int32_t id();
};
extern constinit thread_local Thread t_thread;

// Gives the calling thread a ring of its own, if one is free. Returns its writer or nullptr.
internal::Writer* claim_ring(Private& state);

// What a call that took the slow path wants written.
struct Call {
  uint32_t level;
  std::string_view format;
  const void* site;  // the compiler's source location; null: file and line stand here
  std::string_view file;
  uint32_t line;
  const internal::ArgumentType* types;
  const internal::SlowArgument* arguments;
  size_t count;
  const internal::ContextBlock* context;  // may be null
  std::string_view module;                // may be empty
};

// A record's bytes: how large it is, and writing it.
struct Shape {
  Call call;
  bool copied_text;        // the call's constants lie outside the executable's image
  size_t context_bytes;    // of the context block; 0: none
  size_t constants_bytes;  // of the copied text; 0: none
  size_t fixed;            // bytes before the texts
  size_t size;             // whole record, a multiple of 8
};
// `bytes_max`: texts are cut to fit into it.
Shape shape_of(const Call& call, size_t bytes_max);
// Writes shape.size bytes; returns whether a text had to be cut.
bool write_record(char* to, const Shape& shape, uint64_t ticks, uint64_t sequence);

// Into the thread's ring, the shared queue, or to stderr.
void commit(const Call& call) noexcept;

// Without a segment: rendered by the calling thread, for stderr (WARN and above) or a test.
void write_unattached(const Shape& shape);

// Modules follow the service's level unless they have one of their own.
void apply_service_level(uint32_t level);
// Names that were given before there was a segment are made known in it.
void publish_modules(segment::View view);

}  // namespace outrigger::log

namespace outrigger::internal {
bool is_blank(const Writer* writer);
// The thread's own writer, also within a context.
Writer* own_writer();
void set_own_writer(Writer* writer);
void make_blank();   // this thread has no ring any more
void hide_writer();  // behind a blank one: every call takes the slow path
}  // namespace outrigger::internal
