// The keeper's part in crashes and hangs: when a look at the threads begins, and the entries.
#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "keeper/keeper.h"
#include "keeper/written_files.h"
#include "system/text.h"

namespace outrigger::keeper {
namespace {

constexpr uint32_t kWarn = 3;
constexpr uint32_t kError = 4;
constexpr uint32_t kFatal = 5;
// A service that has not ended so long after its crash has recovered from it.
constexpr int64_t kWentOnNs = 4 * base::kNsPerSecond;
constexpr int64_t kFilesEveryNs = 5 * base::kNsPerSecond;
// Beyond this the entry is made with what there is.
constexpr int64_t kReportNsMax = 3 * base::kNsPerSecond;

// Of half a second: so long memory must last for a profile to be begun.
constexpr uint64_t kLooksAhead = 4;

// Whether the kernel ends all of a group but this process (spawn.h).
bool is_spared() { return system::small_file("/proc/self/oom_score_adj").starts_with("-1000"); }

}  // namespace

void Keeper::look_at_death(int64_t now_ns) {
  heap_report_->look();
  black_box_->look();
  if (stacks_wanted_ && begun_ && black_box_->look_at_threads(BlackBox::Why::kAsked))
    stacks_wanted_ = false;
  if (std::optional<BlackBox::Found> found = black_box_->take()) {
    switch (found->why) {
      case BlackBox::Why::kCrash:
        crash_ = std::move(found);
        crash_found_ns_ = now_ns;
        break;
      case BlackBox::Why::kHang: tell_hang(*found, now_ns); break;
      case BlackBox::Why::kAsked: tell_threads(*found); break;
    }
  }
  if (options_.place != Place::kThread || !black_box_->holds()) return;
  // The process ends as soon as it is let go: first the entry has to be out.
  if (crash_ && drain_->has_room()) {
    if (!begun_) begin(now_ns);
    spool_->state().end_told = 1;
    tell_crash(kFatal);
    crash_.reset();
  } else if (crash_found_ns_ != 0 && spool_->is_drained()) {
    black_box_->let_go();
  }
}

void Keeper::look_at_hang(int64_t now_ns) {
  if (declarations_.hang_report_ms == 0 || ended_ns_ != 0) return;
  const Verdict verdict = source_->verdict(now_ns);
  const bool silent = verdict.state == admin::ProcessState::kUnresponsive;
  if (!silent && silent_since_ns_ != 0) {
    if (!drain_->has_room()) return;
    drain_->made().begin(kWarn, "service answers again: {beat} was silent for {gone_ms} ms", {});
    drain_->made().add(silent_beat_);
    drain_->made().add(static_cast<uint64_t>((now_ns - silent_since_ns_) / base::kNsPerMs));
    put_own();
    silent_since_ns_ = 0;
  }
  // A process without beats is only found silent when it is stopped, for some seconds by then.
  const int64_t silent_ms = verdict.beat_age_ms.value_or(declarations_.hang_report_ms);
  if (!silent || silent_since_ns_ != 0 || silent_ms < declarations_.hang_report_ms) return;
  if (!black_box_->look_at_threads(BlackBox::Why::kHang)) return;
  silent_since_ns_ = now_ns - silent_ms * base::kNsPerMs;
  silent_beat_ = verdict.beat_name.empty() ? "the process" : verdict.beat_name;
}

void Keeper::tell_hang(const BlackBox::Found& found, int64_t now_ns) {
  if (silent_since_ns_ == 0 || !drain_->has_room()) return;
  make_hang_entry(drain_->made(), found, silent_beat_,
                  (now_ns - silent_since_ns_) / base::kNsPerMs);
  put_own();
}

void Keeper::tell_threads(const BlackBox::Found& found) {
  if (!drain_->has_room()) return;
  make_threads_entry(drain_->made(), found);
  put_own();
}

bool Keeper::waits_for_report(int64_t now_ns) const {
  return (black_box_->has_report() || heap_report_->is_busy()) && now_ns - ended_ns_ < kReportNsMax;
}

DeathFacts Keeper::death_facts() const {
  DeathFacts facts;
  facts.how = ended_how_.empty() ? "not yet" : ended_how_;
  facts.version = declarations_.version;
  const int64_t up_ns = base::real_ns() - view_.header().real_ns_at_start;
  facts.uptime_s = std::max<int64_t>(up_ns, 0) / base::kNsPerSecond;
  facts.last_entries = recent_->keys();
  return facts;
}

void Keeper::put_own() {
  drain_->put(OwnSource::kKeeper, base::real_ns());
  drain_->commit();
}

void Keeper::tell_crash(uint32_t level) {
  make_crash_entry(drain_->made(), level, *crash_, death_facts());
  put_own();
}

void Keeper::tell_end() {
  spool_->state().end_told = 1;
  // A page that was filled and a report that was not made: the keeper came too late for the stacks.
  if (!crash_ && ended_signal_ != 0) {
    if (std::optional<Crash> crash = read_crash(view_)) {
      crash_.emplace();
      crash_->crash = std::move(crash);
      crash_->no_stacks = "the service was gone before its threads could be looked at";
    }
  }
  if (crash_ && crash_->crash->signal == ended_signal_) return tell_crash(kFatal);
  if (out_of_memory_) return tell_out_of_memory();
  const DeathFacts facts = death_facts();
  drain_->made().begin(ended_level_,
                       "service ended: {how}{version:.0}{uptime_seconds:.0}{last_entries:.0}", {});
  drain_->made().add(ended_how_);
  drain_->made().add(facts.version);
  drain_->made().add(std::to_string(facts.uptime_s));
  drain_->made().add(facts.last_entries);
  put_own();
}

// --- Files -------------------------------------------------------------------------------------

void Keeper::look_at_files(int64_t now_ns) {
  constexpr auto kReported = static_cast<uint32_t>(segment::Confinement::kReported);
  if (view_.supervision().confinement.load(std::memory_order_relaxed) != kReported) return;
  if (ended_ns_ != 0 || now_ns - files_ns_ < kFilesEveryNs) return;
  files_ns_ = now_ns;
  std::vector<std::string> files = written_files(process_->pid());
  for (const std::string& file : files) {
    if (written_.size() == kWrittenFilesMax || !drain_->has_room() ||
        std::ranges::find(written_, file) != written_.end())
      continue;
    written_.push_back(file);
    drain_->made().begin(kWarn,
                         "the service writes {file}, which --confine enforce would refuse unless "
                         "it says OUTRIGGER_WRITES(\"{directory}\")",
                         {});
    drain_->made().add(file);
    drain_->made().add(file.substr(0, file.rfind('/')));
    put_own();
  }
  source_->set_written(std::move(files));
}

// --- Memory ------------------------------------------------------------------------------------

void Keeper::watch_memory() {
  memory_group_ = MemoryGroup::own();
  memory_limit_ = memory_group_.limit_bytes().value_or(0);
  std::atomic<uint64_t>& before = spool_->memory().oom_kills;
  oom_kills_ = memory_group_.oom_kills();
  // A successor goes on from what the keeper before it knew: it may be here because of that very kill.
  if (before.load(std::memory_order_relaxed) == 0) before.store(1 + oom_kills_);
  if (memory_limit_ != 0 && memory_group_.dies_together() && !is_spared())
    source_->set_memory_end(
        "ends the keeper as well: memory.oom.group is set, so that the heap profile at nine tenths "
        "of "
        "the limit is what the log will have");
}

// While there is time: where the group dies together, this is all that will be told.
void Keeper::look_at_memory() {
  // What was counted by the last look and the service has outlived since struck somebody else: the
  // keeper before this one, say. The kernel counts first and then kills, so one look is not enough.
  if (ended_ns_ == 0 && process_->lives()) {
    spool_->memory().oom_kills.store(1 + oom_kills_, std::memory_order_relaxed);
    oom_kills_ = memory_group_.oom_kills();
  }
  if (heap_report_->is_done() && ended_ns_ == 0) tell_memory();
  if (memory_limit_ == 0 || options_.place == Place::kThread || ended_ns_ != 0) return;
  const uint64_t enough = memory_limit_ / 10 * 9;
  const uint64_t charged = memory_group_.charged_bytes();
  const uint64_t before = std::exchange(memory_seen_, charged);
  if (charged < enough) {
    memory_told_ = memory_told_ && charged > memory_limit_ / 10 * 8;
    return;
  }
  if (memory_told_ || memory_group_.used_bytes() < enough) return;
  // A profile takes memory itself, and who asks for some while the kernel ends the service may be the
  // next that it chooses (the service's last thread is no longer seen, its memory not yet free). Where
  // there is no time, that of the service's death has to do.
  const uint64_t grown = charged - std::min(before, charged);
  if (charged + kLooksAhead * grown > memory_limit_ && !memory_group_.dies_together()) return;
  memory_told_ = true;
  heap_report_->begin();
}

void Keeper::tell_memory() {
  if (!drain_->has_room()) return;
  drain_->made().begin(
      kWarn,
      "memory is nearly used up: {used_bytes} of {limit_bytes} bytes; what is live: {heap}"
      "{heap_profile:.0}{heap_parts:.0}{heap_stored:.0}",
      {});
  drain_->made().add(memory_group_.used_bytes());
  drain_->made().add(memory_limit_);
  drain_->made().add(heap_report_->top());
  drain_->made().add(heap_report_->name());
  drain_->made().add(uint64_t{heap_report_->pieces()});
  drain_->made().add(std::string_view(heap_report_->stored()));
  put_own();
  put_heap_pieces();
}

void Keeper::tell_out_of_memory() {
  const DeathFacts facts = death_facts();
  drain_->made().begin(
      kFatal,
      "service ended: killed by the OOM killer, {limit_bytes} bytes of memory were not enough; "
      "what "
      "was live: "
      "{heap}{heap_profile:.0}{heap_parts:.0}{heap_stored:.0}{how:.0}{version:.0}{uptime_seconds:."
      "0}"
      "{last_entries:.0}",
      {});
  drain_->made().add(memory_limit_);
  drain_->made().add(heap_report_->top());
  drain_->made().add(heap_report_->name());
  drain_->made().add(uint64_t{heap_report_->pieces()});
  drain_->made().add(std::string_view(heap_report_->stored()));
  drain_->made().add(facts.how);
  drain_->made().add(facts.version);
  drain_->made().add(std::to_string(facts.uptime_s));
  drain_->made().add(facts.last_entries);
  put_own();
  put_heap_pieces();
}

void Keeper::put_heap_pieces() {
  for (size_t i = 0; i < heap_report_->pieces() && drain_->has_room(); ++i) {
    heap_report_->make_piece(drain_->made(), i);
    put_own();
  }
  heap_report_->forget();
}

// A crash that a handler of the program's has healed.
void Keeper::look_at_survivor(int64_t now_ns) {
  if (!crash_ || ended_ns_ != 0 || now_ns - crash_found_ns_ < kWentOnNs || !drain_->has_room())
    return;
  tell_crash(kError);
  crash_.reset();
}

void Keeper::count_crash() {
  if (poster_ != nullptr) poster_->count("CrashCount");
}

}  // namespace outrigger::keeper
