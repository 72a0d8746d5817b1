// The keeper's own crash: its handler leaves registers and the top of the stack in the spool, which
// outlives it; its successor, the same file, gives them names and tells.
//
//   signal handler (keeper)          successor
//   copies into KeeperCrash,  ─────► moves what points into the file to where that lies now,
//   and lets the signal go on        unwinds, makes the entry
//
// Nothing is waited for: the thread that crashed is all that is told.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "keeper/crash.h"
#include "keeper/spool.h"
#include "render/made_record.h"
#include "segment/samples.h"

namespace outrigger::keeper {

// In the spool, behind SpoolMemory. No page of it is touched before a crash.
struct KeeperCrash {
  static constexpr size_t kStackBytes = 16u << 10;
  std::atomic<uint32_t> written;  // 1: all below is there
  int32_t signal;
  int32_t code;
  int32_t thread_id;
  uint64_t address;
  uint64_t image_begin;  // where the file lay
  uint64_t stack_at;
  uint64_t stack_bytes;
  uint64_t registers[segment::kRegisters];
  char stack[kStackBytes];
};
inline constexpr size_t kKeeperCrashAt = kSpoolDataAt - (20u << 10);
static_assert(sizeof(SpoolMemory) <= kKeeperCrashAt);
static_assert(kKeeperCrashAt + sizeof(KeeperCrash) <= kSpoolDataAt);
inline KeeperCrash& keeper_crash(const Spool& spool) {
  return *reinterpret_cast<KeeperCrash*>(reinterpret_cast<char*>(&spool.memory()) + kKeeperCrashAt);
}

// For this process, once. Not under a sanitizer. `spool` must outlive the process's threads.
void watch_own_crashes(Spool& spool);

// What a predecessor has left. Its names are looked for by a thread of this object's own: that takes a
// while, and the keeper has better to do when it begins.
class OwnCrashReport {
 public:
  // Nothing was left: none.
  static std::optional<Crash> take(Spool& spool, segment::Sample& sample);

  explicit OwnCrashReport(Spool& spool);
  ~OwnCrashReport();
  OwnCrashReport(const OwnCrashReport&) = delete;
  OwnCrashReport& operator=(const OwnCrashReport&) = delete;

  // Once, when it is done and there is something to be told.
  bool is_ready() const { return done_.load(std::memory_order_acquire) && !told_ && crash_; }
  // "keeper crashed: SIGSEGV at 0x0 in …": `level` as for all entries.
  void make_entry(render::MadeRecord& made, uint32_t level);

 private:
  std::optional<Crash> crash_;
  pprof::ThreadStack stack_;
  std::string why_;  // there are no names
  bool told_ = false;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace outrigger::keeper
