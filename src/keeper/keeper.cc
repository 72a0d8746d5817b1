#include "keeper/keeper.h"

#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "keeper/own_text.h"
#include "segment/mapping.h"
#include "segment/metrics.h"

namespace outrigger::keeper {

using segment::Word;

namespace {

// A log call wakes nobody before its ring is a quarter full, so the keeper looks by itself: soon after
// there was work, then more and more seldom.
constexpr int64_t kWaitMinNs = 100'000;
constexpr int64_t kWaitMaxNs = 10 * base::kNsPerMs;
// A wake costs some 30 us of processor, mostly the kernel's; after a second of silence half as many
// will do.
constexpr int64_t kWaitIdleNs = 20 * base::kNsPerMs;
constexpr int64_t kIdleAfterNs = base::kNsPerSecond;
// While there is work without end, descriptors are looked at this often.
constexpr int64_t kEventsEveryNs = base::kNsPerMs;
constexpr int64_t kSlowLookNs = base::kNsPerSecond / 2;
// Not having run for so long excuses the service's silence: this process, or the whole machine, was
// stopped.
constexpr int64_t kOwnGapNs = base::kNsPerSecond;
// Stdout that takes nothing for so long loses its oldest lines once the spool is full. One that is
// only slow holds up the rings instead, where the drops are counted one by one and ERROR has a
// better chance.
constexpr int64_t kStallNs = base::kNsPerSecond / 4;
constexpr size_t kDropBytes = 2 * kEntryBytesMax + (1u << 20);
constexpr uint32_t kInfo = 2;
constexpr uint32_t kError = 4;
constexpr uint32_t kFatal = 5;
constexpr const char* kLostFormat = "stdout did not take {count:L} entries";

// Who ends then does not come out of run() or main().
bool is_at_work(segment::ServicePhase phase) {
  return phase == segment::ServicePhase::kStarting || phase == segment::ServicePhase::kRunning;
}

// Of the entry that tells of the service's end, from what waitid() says.
uint32_t level_of_end(int code, int status, segment::ServicePhase phase) {
  constexpr int kNoExec = 127;  // spawn.cc
  if (code != CLD_EXITED || status == kNoExec) return kFatal;
  if (status == 0) return kInfo;
  return is_at_work(phase) ? kFatal : kError;
}

std::string describe_end(int code, int status, segment::ServicePhase phase) {
  std::string how = keeper::describe_end(code, status);
  if (code == CLD_EXITED && status != 0 && is_at_work(phase)) how += ", in the middle of its work";
  return how;
}

// The segment's word for who the service is, unless the kernel says that it is somebody else: whose
// stacks are looked at is not for a corrupt service to choose. 0: nobody is known.
int service_in(segment::View view, int supervisor) {
  const int pid = view.supervision().service_pid.load(std::memory_order_relaxed);
  if (pid <= 1) return 0;
  const int parent = read_process_status(pid).parent;  // 0: it has gone
  return pid == getpid() || parent == 0 || parent == supervisor ? pid : 0;
}

}  // namespace

Keeper::Keeper(Options options)
    : options_(std::move(options)),
      channel_(options_.card.channel),
      captured_out_(options_.card.captured_out, OwnSource::kStdout),
      captured_err_(options_.card.captured_err, OwnSource::kStderr) {}

Result<std::unique_ptr<Keeper>> Keeper::make(Options options) {
  std::unique_ptr<Keeper> keeper(new Keeper(std::move(options)));
  const segment::RoleCard& card = keeper->options_.card;
  void* const base = segment::map(card.segment);
  if (base == nullptr)
    return failed("cannot map the log's memory: no address space or memory for it");
  keeper->mapping_ = base::Mapping(base, segment::segment_bytes());
  keeper->view_ = segment::View(base);
  const segment::View view = keeper->view_;
  view.control().keeper_beat_ns.store(base::monotonic_ns(), std::memory_order_relaxed);

  auto spool = Spool::open(card.spool, view.header().boot);
  if (!spool.ok()) return spool.error();
  keeper->spool_ = std::move(*spool);
  Spool& memory = *keeper->spool_;
  if (keeper->options_.place == Place::kProcess) {
    if (memory.found() == Spool::Found::kPredecessor)
      keeper->own_crash_ = std::make_unique<OwnCrashReport>(memory);
    watch_own_crashes(memory);
  }
  keeper->stop_bell_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  keeper->clock_ =
      std::make_unique<TickClock>(view.header().ticks_at_start, view.header().real_ns_at_start);
  keeper->recent_ = std::make_unique<Recent>(render::Image::of_program());
  keeper->drain_ =
      std::make_unique<Drain>(view, card.segment, memory, *keeper->recent_, *keeper->clock_);
  keeper->level_ = std::make_unique<LevelControl>(view, memory.memory(), card.service_bell);

  const bool alone = card.parent_pid <= 0;
  const int supervisor = alone ? 0 : card.parent_pid;
  const int service = alone ? getpid() : service_in(view, supervisor);
  keeper->process_ = std::make_unique<ProcessWatch>(service, supervisor, keeper->findings_);
  keeper->profiles_ = std::make_unique<Profiles>(
      pprof::Profiler::Parts{view, service, card.service_bell, keeper->options_.with_admin,
                             &memory.memory().service_map, memory.kept_heap()});
  keeper->black_box_ = std::make_unique<BlackBox>(
      view, service, alone ? BlackBox::Place::kSameProcess : BlackBox::Place::kOtherProcess);
  keeper->heap_report_ = std::make_unique<HeapReport>(*keeper->profiles_);
  keeper->source_ = std::make_unique<LiveSource>(
      LiveSource::Parts{view, card.segment, memory, *keeper->drain_, *keeper->recent_,
                        *keeper->level_, keeper->findings_, service, keeper->profiles_.get()});
  keeper->watch_memory();
  keeper->admin_ = std::make_unique<AdminPort>(card, *keeper->source_, keeper->channel_,
                                               alone ? getpid() : supervisor);
  keeper->declarations_ = default_declarations(keeper->options_.program);
  keeper->source_->declare(keeper->declarations_);
  keeper->events_.watch(Event::kChannel, card.channel);
  keeper->events_.watch(Event::kSignals, keeper->options_.signals);
  keeper->events_.watch(Event::kStop, keeper->stop_bell_.get());
  keeper->events_.watch(Event::kBell, card.keeper_bell);
  keeper->started_ns_ = keeper->turn_ns_ = base::monotonic_ns();
  return keeper;
}

// The pages' server first: its thread asks about all the rest.
Keeper::~Keeper() {
  admin_.reset();
  poster_.reset();
  shipper_.reset();
}

void Keeper::stop() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = write(stop_bell_.get(), &one, sizeof(one));
}

void Keeper::run() {
  bool worked = false;
  for (;;) {
    const int64_t now_ns = base::monotonic_ns();
    note_time(now_ns);
    const int64_t wait_ns = next_wait(worked, now_ns);
    if (wait_ns != 0 || now_ns - events_ns_ > kEventsEveryNs) look_at_events(wait_ns);
    worked = work(now_ns);
    if (now_ns - second_ns_ > kSlowLookNs) look_each_second(now_ns);
    if (ended_ns_ != 0 && (!worked || now_ns > finish_by_ns_) && is_finished(now_ns)) break;
  }
  say_goodbye();
}

void Keeper::note_time(int64_t now_ns) {
  view_.control().keeper_beat_ns.store(now_ns, std::memory_order_relaxed);
  if (now_ns - turn_ns_ > kOwnGapNs) findings_.forgiven_ns.store(now_ns, std::memory_order_relaxed);
  turn_ns_ = now_ns;
}

int64_t Keeper::next_wait(bool worked, int64_t now_ns) {
  if (worked) worked_ns_ = now_ns;
  const bool in_haste = no_room_ || ended_ns_ != 0;
  const int64_t max_ns = is_idle(now_ns) ? kWaitIdleNs : kWaitMaxNs;
  // A busy service pays for each look with the cache lines that both sides touch: a little work
  // waits for more.
  if (worked) {
    wait_ns_ = had_little_ && !in_haste ? kWaitMinNs : 0;
  } else {
    wait_ns_ = in_haste ? kWaitMinNs : std::clamp(2 * wait_ns_, kWaitMinNs, max_ns);
  }
  return wait_ns_;
}

bool Keeper::is_idle(int64_t now_ns) const { return now_ns - worked_ns_ > kIdleAfterNs; }

void Keeper::look_at_events(int64_t wait_ns) {
  // An unfinished line would make every wait return at once; instead it is looked at with every
  // look.
  events_.watch(Event::kPrinted, captured_out_.poll_fd());
  events_.watch(Event::kComplained, captured_err_.poll_fd());
  has_printed_ = has_printed_ || captured_out_.has_partial() || captured_err_.has_partial();
  const Events::Seen seen = events_.wait(wait_ns);
  const int64_t now_ns = events_ns_ = base::monotonic_ns();
  if (!seen) return;
  if (seen.has(Event::kChannel)) hear_words(now_ns);
  if (seen.has(Event::kSignals)) pass_signals_on();
  if (seen.has(Event::kStop)) on_service_ended({}, 0, now_ns);
  if (seen.has(Event::kBell)) {
    uint64_t rung;
    [[maybe_unused]] const ssize_t silenced = read(options_.card.keeper_bell, &rung, sizeof(rung));
    look_at_declarations(now_ns);
  }
  has_printed_ |= seen.has(Event::kPrinted) || seen.has(Event::kComplained);
  if (seen.has(Event::kService)) on_service_ended("its supervisor is gone as well", kFatal, now_ns);
}

void Keeper::hear_words(int64_t now_ns) {
  segment::Message message;
  for (;;) {
    const Channel::Heard heard = channel_.hear(message);
    if (heard == Channel::Heard::kNothing) return;
    if (heard == Channel::Heard::kClosed) return on_orphaned(now_ns);
    if (message.word == Word::kDrain) {
      findings_.draining.store(true, std::memory_order_relaxed);
      if (shipper_ != nullptr) shipper_->hurry();
    }
    if (message.word == Word::kStacks) stacks_wanted_ = true;
    if (message.word != Word::kServiceEnded) continue;
    const auto phase =
        static_cast<segment::ServicePhase>(view_.service().phase.load(std::memory_order_relaxed));
    on_service_ended(describe_end(message.more, message.value, phase),
                     level_of_end(message.more, message.value, phase), now_ns,
                     message.more == CLD_EXITED ? 0 : message.value);
  }
}

void Keeper::pass_signals_on() {
  signalfd_siginfo info;
  while (read(options_.signals, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info)))
    channel_.say(Word::kSignalled, static_cast<int32_t>(info.ssi_signo));
}

bool Keeper::work(int64_t now_ns) {
  profiles_->watch_samples();
  look_at_death(now_ns);
  if (!begun_) {
    if (!begin_is_due(now_ns)) return false;
    begin(now_ns);
  }
  const bool service_gone = ended_ns_ != 0 && options_.place == Place::kProcess;
  const Drain::Turn turn =
      drain_->turn(service_gone ? Drain::Service::kEnded : Drain::Service::kLives);
  // The page says that a keeper is there: one that is killed as soon as it shows has drained first.
  if (!caught_up_ && turn != Drain::Turn::kWorked) {
    caught_up_ = true;
    look_at_declarations(now_ns);
  }
  no_room_ = turn == Drain::Turn::kNoRoom;
  if (no_room_) make_room(now_ns);
  had_little_ = turn == Drain::Turn::kLittle;
  bool worked = had_little_ || turn == Drain::Turn::kWorked;
  if (has_printed_ || ended_ns_ != 0) {
    const Capture::Flush flush =
        ended_ns_ != 0 ? Capture::Flush::kPartialLines : Capture::Flush::kNo;
    has_printed_ = captured_out_.turn(*drain_, flush, now_ns);
    has_printed_ |= captured_err_.turn(*drain_, flush, now_ns);
    worked |= has_printed_;
  }
  trim_due_ |= worked;
  return worked;
}

void Keeper::make_room(int64_t now_ns) {
  // At the end there is nothing more to make room for; what stdout has not taken by the deadline is
  // said then.
  if (ended_ns_ != 0 || output_ == nullptr) return;
  // What the service prints must not wait for a stdout that is merely slow.
  const bool printing = captured_out_.is_filling() || captured_err_.is_filling();
  if (printing || output_->stalled_ns(now_ns) > kStallNs) spool_->drop_oldest(kDropBytes);
}

void Keeper::look_each_second(int64_t now_ns) {
  second_ns_ = now_ns;
  clock_->adjust();
  level_->tick(base::real_ns());
  process_->look(now_ns);
  if (ended_ns_ == 0) profiles_->look_at_lines(now_ns);
  caught_up_ = caught_up_ || output_ != nullptr;
  look_at_declarations(now_ns);
  if (orphaned_ns_ != 0) look_at_orphan(now_ns);
  if (!begun_) return;
  // Not at the start, which has other things to do.
  if (options_.place == Place::kProcess && !std::exchange(text_held_, true)) hold_own_text();
  look_at_survivor(now_ns);
  look_at_hang(now_ns);
  look_at_files(now_ns);
  tell_own_crash();
  tell_certificate();
  look_at_memory();
  if (poster_ == nullptr && ended_ns_ == 0 && now_ns - started_ns_ > base::kNsPerSecond)
    start_metrics();
  drain_->tell_drops();
  if (shipper_ != nullptr && shipper_->is_reaching()) drain_->tell_ledger(*spool_->ship_memory());
  // An entry about what stdout did not take is for a stdout that takes something.
  const uint64_t delivered = spool_->memory().delivered.load(std::memory_order_relaxed);
  if (delivered != delivered_) drain_->tell_lost(kLostFormat);
  delivered_ = delivered;
  const uint64_t dropped = drain_->dropped().total();
  if (dropped != dropped_) findings_.dropped_at_ns.store(now_ns, std::memory_order_relaxed);
  dropped_ = dropped;
  if (is_idle(now_ns) && trim_due_) {
    spool_->trim();
    if (options_.place == Place::kProcess) malloc_trim(0);
    trim_due_ = false;
  }
}

}  // namespace outrigger::keeper
