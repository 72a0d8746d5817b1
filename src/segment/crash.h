// What a crashing thread of the service leaves for the keeper, and how the two meet.
//
//   signal handler (service)                 keeper
//   state kNone -> kWriting
//   fills the page, kWaiting, rings  ──────► holds all threads, copies and unwinds their stacks
//   sleeps until `answered`, 2 s at most ◄── crash_answered = 1
//   kDone; the signal takes its course
//
// A second thread that crashes meanwhile waits and leaves nothing. The page outlives the service, as
// all of the segment does: a keeper that comes late still finds what the handler wrote.
#pragma once

#include "segment/layout.h"
#include "segment/samples.h"

namespace outrigger::segment {

enum class CrashState : uint32_t { kNone = 0, kWriting, kWaiting, kDone };

// Whether crashes are reported with stacks.
enum class CrashWatch : uint32_t {
  kNone = 0,  // not yet, or the program was built without
  kWatching,
  kReplaced,   // the program has put handlers of its own over ours
  kSanitizer,  // a sanitizer reports crashes itself
};

struct CrashPage {
  int32_t thread_id;
  int32_t signal;
  int32_t code;  // si_code
  uint32_t reserved;
  uint64_t address;  // si_addr
  uint64_t registers[kRegisters];
  // Of std::terminate(): the exception's type as the compiler encodes it, and its what().
  char exception[256];
  char what[1024];
};
static_assert(sizeof(CrashPage) <= kPage);

inline CrashPage& crash_page(const View& view) {
  return *reinterpret_cast<CrashPage*>(view.base() + kCrashAt);
}

}  // namespace outrigger::segment
