// What is found out about a service that crashes or hangs: while it stands still all its threads'
// stacks are taken (pprof/standstill.h), by a thread of this object's own, so that the keeper's loop
// goes on. One look at a time.
//
// Threads: all calls belong to the keeper's loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "keeper/crash.h"
#include "pprof/standstill.h"
#include "render/made_record.h"
#include "segment/layout.h"
#include "system/process.h"

namespace outrigger::keeper {

class BlackBox {
 public:
  // Where the service is this very process it is let go only by let_go(), when the entry is out.
  enum class Place { kOtherProcess, kSameProcess };
  BlackBox(segment::View view, int service_pid, Place place);
  ~BlackBox();

  enum class Why { kCrash, kHang, kAsked };
  struct Found {
    Why why = Why::kCrash;
    std::optional<Crash> crash;
    std::optional<system::Process> figures;
    pprof::Standstill threads;
    std::string no_stacks;  // why there are none
  };

  // Each turn: begins with a crash as soon as there is one.
  void look();
  // Begins to look at the threads of a service that does not answer, or because somebody wants to
  // know. False while another look is under way.
  bool look_at_threads(Why why);
  bool is_busy() const { return thread_.joinable() && !done_.load(std::memory_order_acquire); }
  // From the beginning of a look until take() has given what it found.
  bool has_report() const { return thread_.joinable(); }
  // What the last look found, once.
  std::optional<Found> take();

  // The crashed service may go on to its end.
  void let_go();
  bool holds() const { return crash_seen_ && !let_go_.load(std::memory_order_relaxed); }
  bool crash_seen() const { return crash_seen_; }

 private:
  void begin(Why why, std::optional<Crash> crash);
  void find_out();

  const segment::View view_;
  const int pid_;
  const Place place_;
  bool crash_seen_ = false;
  std::atomic<bool> let_go_{false};
  std::thread thread_;
  std::atomic<bool> done_{false};
  Found found_;  // the thread's own until it is done
};

// What is known of every service's end or hang.
struct DeathFacts {
  std::string how;  // "killed by signal 11 (SIGSEGV)"
  std::string version;
  int64_t uptime_s = 0;
  std::string last_entries;  // keys of the last ten
};

// The entry of a crash: signal, address, registers, stacks, the crashing thread's first.
void make_crash_entry(render::MadeRecord& made, uint32_t level, const BlackBox::Found& found,
                      const DeathFacts& facts);
// Of a hang, `silent_ms` after the beat called `beat`.
void make_hang_entry(render::MadeRecord& made, const BlackBox::Found& found,
                     const std::string& beat, int64_t silent_ms);
// Of a service that goes on (SIGQUIT).
void make_threads_entry(render::MadeRecord& made, const BlackBox::Found& found);

}  // namespace outrigger::keeper
