// The keeper: everything of it, and its loop. The role's main (main.h) runs it in a process of its
// own; --in-process and commands run it as a thread.
//
//   waiting ─ declared, 2 s, a ring half full ─► draining ─ service ended, stop() ─► finishing ─
//   all is out ─► done
//
// Threads: make(), open_admin() and run() belong to one thread; stop() may be called from any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/mapping.h"
#include "keeper/admin_port.h"
#include "keeper/black_box.h"
#include "keeper/capture.h"
#include "keeper/channel.h"
#include "keeper/declarations.h"
#include "keeper/drain.h"
#include "keeper/events.h"
#include "keeper/heap_report.h"
#include "keeper/level.h"
#include "keeper/live_source.h"
#include "keeper/locators.h"
#include "keeper/memory_group.h"
#include "keeper/metric_poster.h"
#include "keeper/output.h"
#include "keeper/own_crash.h"
#include "keeper/process_watch.h"
#include "keeper/profiles.h"
#include "keeper/recent.h"
#include "keeper/settings.h"
#include "keeper/shipper.h"
#include "keeper/spool.h"
#include "keeper/tick_clock.h"
#include "outrigger/result.h"
#include "segment/layout.h"
#include "segment/role.h"

namespace outrigger::keeper {

class Keeper {
 public:
  enum class Place { kProcess, kThread };
  struct Options {
    segment::RoleCard card;
    std::string program;  // names the service until it declares itself
    Place place = Place::kProcess;
    bool with_admin = true;
    int signals = -1;  // signalfd of what is passed on to the supervisor; -1: none
  };

  static Result<std::unique_ptr<Keeper>> make(Options options);
  ~Keeper();

  // For a thread: opens the port at once, so that the caller learns of a failure.
  Result<void> open_admin();

  // Until the service has ended, or stop(). What was committed by then is out, as far as stdout
  // takes it.
  void run();

  void stop();

 private:
  explicit Keeper(Options options);

  // keeper.cc: the loop.
  void note_time(int64_t now_ns);
  void look_at_events(int64_t wait_ns);
  void hear_words(int64_t now_ns);
  void pass_signals_on();
  bool work(int64_t now_ns);
  void make_room(int64_t now_ns);
  void look_each_second(int64_t now_ns);
  int64_t next_wait(bool worked, int64_t now_ns);
  bool is_idle(int64_t now_ns) const;

  // life.cc: how it begins and ends.
  bool begin_is_due(int64_t now_ns) const;
  void begin(int64_t now_ns);
  void choose_format();
  void start_output();
  void start_shipping();
  void start_metrics();
  void look_at_declarations(int64_t now_ns);
  void try_admin(int64_t now_ns);
  void announce();
  void tell_restart();
  void tell_own_crash();
  void tell_certificate();
  void on_service_ended(std::string how, uint32_t level, int64_t now_ns, int signal = 0);
  void on_orphaned(int64_t now_ns);
  void look_at_orphan(int64_t now_ns);
  bool is_finished(int64_t now_ns);
  void tell_end();

  // deaths.cc: crashes, hangs, ends, and memory that runs out.
  void watch_memory();
  void look_at_memory();
  void tell_memory();
  void tell_out_of_memory();
  void put_heap_pieces();
  void put_own();
  void look_at_death(int64_t now_ns);
  void look_at_survivor(int64_t now_ns);
  void look_at_hang(int64_t now_ns);
  void look_at_files(int64_t now_ns);
  void tell_hang(const BlackBox::Found& found, int64_t now_ns);
  void tell_threads(const BlackBox::Found& found);
  bool waits_for_report(int64_t now_ns) const;
  DeathFacts death_facts() const;
  void tell_crash(uint32_t level);
  void count_crash();
  void say_goodbye();

  Options options_;
  Channel channel_;
  Events events_;
  base::Mapping mapping_;
  segment::View view_;
  std::shared_ptr<Spool> spool_;
  std::unique_ptr<TickClock> clock_;
  std::unique_ptr<Recent> recent_;
  std::unique_ptr<Drain> drain_;
  std::unique_ptr<LevelControl> level_;
  Findings findings_;
  std::unique_ptr<ProcessWatch> process_;
  std::unique_ptr<Profiles> profiles_;
  std::unique_ptr<BlackBox> black_box_;
  std::optional<BlackBox::Found> crash_;       // found, and not told yet
  std::unique_ptr<OwnCrashReport> own_crash_;  // none: the one before did not crash
  std::unique_ptr<HeapReport> heap_report_;
  MemoryGroup memory_group_;
  std::unique_ptr<LiveSource> source_;
  // From the declarations on; no settings where the service asks for none, as locally.
  std::shared_ptr<discovery::Access> access_;
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<Locators> locators_;
  std::unique_ptr<AdminPort> admin_;
  // None while waiting. One of them, or both, from begin() on.
  std::unique_ptr<Output> output_;
  std::unique_ptr<Shipper> shipper_;
  // None in the first second, which belongs to the service's start.
  std::unique_ptr<MetricPoster> poster_;
  Capture captured_out_;
  Capture captured_err_;
  base::Fd stop_bell_;
  Declarations declarations_;

  // CLOCK_MONOTONIC; 0: has not happened.
  int64_t started_ns_ = 0;
  int64_t turn_ns_ = 0;    // the last turn began
  int64_t worked_ns_ = 0;  // something was there
  int64_t events_ns_ = 0;  // descriptors were last looked at
  int64_t second_ns_ = 0;  // the last look at what changes slowly
  int64_t admin_try_ns_ = 0;
  int64_t orphaned_ns_ = 0;
  int64_t ended_ns_ = 0;  // the service
  int64_t crash_found_ns_ = 0;
  int64_t files_ns_ = 0;
  int64_t silent_since_ns_ = 0;  // the service hangs, and that was looked into
  int64_t finish_by_ns_ = 0;
  int64_t wait_ns_ = 0;  // of the last wait; 0 after work

  bool caught_up_ = false;   // the rings were empty once, or that took too long: pages may be shown
  bool no_room_ = false;     // the spool is full
  bool had_little_ = false;  // the last turn of the drain was hardly worth it
  bool has_printed_ = true;  // the captured pipes are worth a look
  bool trim_due_ = true;
  bool final_put_ = false;
  bool stacks_wanted_ = false;  // SIGQUIT
  bool begun_ = false;
  uint64_t dropped_ = 0;
  uint64_t delivered_ = 0;
  std::string ended_how_;
  uint32_t ended_level_ = 0;
  int ended_signal_ = 0;  // 0: it ended otherwise
  std::string silent_beat_;
  std::vector<std::string> written_;  // files, told already
  bool out_of_memory_ = false;
  bool memory_told_ = false;   // that it is nearly used up
  uint64_t memory_limit_ = 0;  // of the group, 0: none
  uint64_t memory_seen_ = 0;   // charged at the last look
  uint64_t oom_kills_ = 0;     // of the group, at the last look
  bool text_held_ = false;
};

}  // namespace outrigger::keeper
