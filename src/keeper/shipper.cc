#include "keeper/shipper.h"

#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/threads.h"

namespace outrigger::keeper {
namespace {

// A thread looks by itself this often, whatever it waits for.
constexpr int64_t kLookNs = base::kNsPerSecond;
constexpr int64_t kDeniedAgainNs = 60 * base::kNsPerSecond;
// A metadata service may be late where a machine has just started: nothing there is believed only
// when it was said so often.
constexpr unsigned kAsksMax = 3;
// Buffers are given back after so long without a put.
constexpr int64_t kShrinkAfterNs = 5 * base::kNsPerSecond;
// A backlog of more than that wants the spool's pages as its memory.
constexpr size_t kBacklogSmall = 4u << 20;

// [0, 1)
double random_unit() {
  uint32_t bits = 0;
  [[maybe_unused]] const ssize_t got = getrandom(&bits, sizeof bits, GRND_NONBLOCK);
  return static_cast<double>(bits) / 4294967296.0;
}

}  // namespace

Shipper::Shipper(std::shared_ptr<Spool> spool, std::unique_ptr<Destination> destination,
                 Options options)
    : memory_(*spool->ship_memory()),
      spool_(std::move(spool)),
      destination_(std::move(destination)),
      options_(std::move(options)),
      backlog_(memory_, spool_->cells(), options_.backlog_bytes_max,
               [spool_raw = spool_.get()](size_t begin, size_t bytes) {
                 spool_raw->give_back_cells(begin, bytes);
               }),
      cut_(options_.limits) {
  thread_ = base::start_thread("or-ship", [this] { run(); });
}

Shipper::~Shipper() {
  stopped_.store(true, std::memory_order_release);
  destination_->cancel();
  spool_->poke();
  thread_.join();
  seats_.clear();
}

void Shipper::hurry() {
  hurry_.store(true, std::memory_order_release);
  spool_->poke();
}

void Shipper::finish(int64_t send_by_ns) {
  send_by_ns_.store(send_by_ns, std::memory_order_release);
  spool_->poke();
}

ShipReport Shipper::report() const {
  ShipReport report;
  // Relaxed: each stands for itself.
  report.delivered = memory_.delivered.load(std::memory_order_relaxed);
  report.printed = memory_.printed.load(std::memory_order_relaxed);
  report.dropped = memory_.dropped_lines.load(std::memory_order_relaxed);
  report.retries = memory_.retries.load(std::memory_order_relaxed);
  const uint64_t gone = report.delivered + report.printed + report.dropped;
  const uint64_t entries = spool_->entries();
  report.pending = entries - std::min(entries, gone);
  report.backlog_bytes = backlog_bytes_.load(std::memory_order_relaxed);
  report.denied = denied_.load(std::memory_order_relaxed);
  report.failing_since_ns = failing_since_ns_.load(std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  report.last_error = last_error_;
  return report;
}

void Shipper::resume() {
  mark_ = next_ = spool_->ship_mark();
  // To look at a table that nobody has written to would fill its memory.
  if (spool_->found() == Spool::Found::kPredecessor) backlog_.resume(mark_);
}

void Shipper::run() {
  resume();
  while (!stopped_.load(std::memory_order_acquire)) {
    const int64_t now_ns = base::monotonic_ns();
    if (hurry_.load(std::memory_order_acquire) && !in_haste_) {
      in_haste_ = true;
      pace_.make_haste(now_ns);
    }
    const int64_t send_by_ns = send_by_ns_.load(std::memory_order_acquire);
    if (send_by_ns != 0) {
      if (!finishing_) pace_.make_haste(now_ns);
      finishing_ = in_haste_ = true;
    }
    committed_ = spool_->committed();
    turn(now_ns);
    const bool all_settled = mark_ == committed_ && backlog_.empty() && under_way() == 0;
    if (finishing_ && (all_settled || now_ns >= send_by_ns)) {
      finish_by_printing();
      finished_.store(true, std::memory_order_release);
      return;
    }
    spool_->wait_for_more(wanted(), next_wake_ns(now_ns));
  }
}

void Shipper::turn(int64_t now_ns) {
  take_results(now_ns);
  advance_mark();
  if (denied_.load(std::memory_order_relaxed) && under_way() == 0) {
    if (now_ns < denied_until_ns_) {
      print_all();
    } else if (mark_ != committed_ || !backlog_.empty()) {
      denied_until_ns_ = now_ns + kDeniedAgainNs;
      start_puts(now_ns);
    }
  } else if (!denied_.load(std::memory_order_relaxed)) {
    // Lines that can be the next batch are not put away before.
    if (is_starting()) start_puts(now_ns);
    evacuate();
    start_puts(now_ns);
  }
  backlog_bytes_.store(backlog_.used_bytes(), std::memory_order_relaxed);
  reaching_.store(pace_.reaching() && !denied_.load(std::memory_order_relaxed),
                  std::memory_order_relaxed);
  failing_since_ns_.store(pace_.reaching() ? 0 : pace_.failing_since_ns(),
                          std::memory_order_relaxed);
  if (!shrunk_ && under_way() == 0 && now_ns - busy_ns_ > kShrinkAfterNs) {
    for (Seat& seat : seats_) {
      if (seat.sender != nullptr && seat.job == nullptr) seat.sender->shrink();
    }
    shrunk_ = true;
  }
}

// The spool is still small, and there is little processor to spare.
bool Shipper::is_starting() const { return !pace_.proven() || spool_->is_warming(); }

// Each further put begins with a handshake, and with buffers that nobody has touched.
bool Shipper::may_send(int64_t now_ns) const {
  const size_t under_way = this->under_way();
  return pace_.may_send(now_ns, under_way) && (under_way == 0 || !spool_->is_warming());
}

size_t Shipper::under_way() const {
  return static_cast<size_t>(std::count_if(seats_.begin(), seats_.end(), [](const Seat& seat) {
    return seat.job != nullptr && seat.job->under_way;
  }));
}

// --- Answers -----------------------------------------------------------------------------------

void Shipper::take_results(int64_t now_ns) {
  take_prepared(now_ns);
  for (Seat& seat : seats_) {
    if (seat.job == nullptr) continue;
    if (seat.job->under_way && seat.sender->state() == Sender::State::kDone)
      take_result(seat, now_ns);
    // The body has them now; and the backlog, should they be asked for again.
    if (seat.job != nullptr && !seat.job->live && seat.sender->has_read()) seat.job->text = {};
    if (seat.job != nullptr && seat.job->invalid) halve(seat);
  }
}

void Shipper::take_prepared(int64_t now_ns) {
  if (!preparing_ || seats_.front().sender->state() != Sender::State::kDone) return;
  Sender& sender = *seats_.front().sender;
  preparing_ = false;
  sender.rest();
  const PutOutcome& outcome = sender.outcome();
  prepared_ = outcome.kind == PutOutcome::Kind::kTaken;
  if (!prepared_) {
    const bool is_late = outcome.kind == PutOutcome::Kind::kDenied && ++asked_ < kAsksMax;
    return note_failure(is_late ? PutOutcome::Kind::kRetry : outcome.kind, outcome.error, now_ns);
  }
  denied_until_ns_ = now_ns;  // now it is worth asking whether it takes a put
}

void Shipper::note_failure(PutOutcome::Kind kind, const std::string& error, int64_t now_ns) {
  {
    const std::lock_guard lock(mutex_);
    last_error_ = error;
  }
  if (kind == PutOutcome::Kind::kDenied) {
    denied_.store(true, std::memory_order_relaxed);
    denied_until_ns_ = now_ns + kDeniedAgainNs;
  } else if (kind == PutOutcome::Kind::kRetry) {
    pace_.failed(now_ns, random_unit());
    memory_.retries.fetch_add(1, std::memory_order_relaxed);
  }
}

void Shipper::take_result(Seat& seat, int64_t now_ns) {
  Job& job = *seat.job;
  const PutOutcome& outcome = seat.sender->outcome();
  job.under_way = false;
  seat.sender->rest();
  if (outcome.kind != PutOutcome::Kind::kTaken) note_failure(outcome.kind, outcome.error, now_ns);
  switch (outcome.kind) {
    case PutOutcome::Kind::kTaken: {
      // Much came before the first answer, so much will come.
      if (!pace_.proven() && !backlog_.empty()) spool_->warm();
      pace_.succeeded();
      denied_.store(false, std::memory_order_relaxed);
      memory_.puts.fetch_add(1, std::memory_order_relaxed);
      const RejectedTallies rejected = tally_rejected(seat.sender->events(), outcome.rejected);
      note_loss(Loss::kTooOld, rejected.too_old);
      note_loss(Loss::kTooNew, rejected.too_new);
      note_loss(Loss::kExpired, rejected.expired);
      memory_.delivered.fetch_add(seat.sender->events().size() - rejected.too_old.lines -
                                      rejected.too_new.lines - rejected.expired.lines,
                                  std::memory_order_relaxed);
      settle(job);
      seat.job.reset();
      break;
    }
    case PutOutcome::Kind::kRetry:
    case PutOutcome::Kind::kDenied: break;
    case PutOutcome::Kind::kInvalid:
      pace_.succeeded();
      job.invalid = true;
      break;
  }
}

// Its lines are CloudWatch's now.
void Shipper::settle(Job& job) {
  if (!job.live) {
    for (const uint32_t block : job.blocks) backlog_.free(block);
    return;
  }
  // A successor must know, should this keeper die before the ones ahead of it are settled. There is
  // a free place: start_puts() has seen to it.
  for (SettledRange& range : memory_.settled) {
    if (range.end.load(std::memory_order_relaxed) != 0) continue;
    range.begin.store(job.begin, std::memory_order_relaxed);
    range.end.store(job.end, std::memory_order_release);
    return;
  }
}

size_t Shipper::settled_free() const {
  return static_cast<size_t>(
      std::count_if(std::begin(memory_.settled), std::end(memory_.settled),
                    [](const SettledRange& range) { return range.end.load() == 0; }));
}

void Shipper::advance_mark() {
  for (bool moved = true; moved;) {
    moved = false;
    for (SettledRange& range : memory_.settled) {
      const uint64_t end = range.end.load(std::memory_order_relaxed);
      if (end == 0) continue;
      const uint64_t begin = range.begin.load(std::memory_order_relaxed);
      if (begin == mark_ && end > mark_) {
        move_mark(end);
        moved = true;
      }
      if (end <= mark_) range.end.store(0, std::memory_order_relaxed);
    }
  }
  if (next_ < mark_) {
    next_ = mark_;
    cut_.clear();
  }
}

// All below it is settled.
void Shipper::move_mark(uint64_t to) {
  mark_ = to;
  const bool is_small = backlog_.used_bytes() < kBacklogSmall;
  spool_->set_ship_mark(to, is_small ? Spool::Pages::kKept : Spool::Pages::kGivenBack);
}

// --- Puts --------------------------------------------------------------------------------------

// Looks at what was committed since. A batch is never cut across a range that is settled already.
bool Shipper::extend_cut() {
  uint64_t until = committed_;
  for (const SettledRange& range : memory_.settled) {
    const uint64_t begin = range.begin.load(std::memory_order_relaxed);
    const uint64_t end = range.end.load(std::memory_order_relaxed);
    if (end == 0 || end <= next_) continue;
    if (begin == next_) {
      next_ = end;
      cut_.clear();
      return extend_cut();
    }
    if (begin > next_) until = std::min(until, begin);
  }
  // Nor across the place where the spool grew.
  const uint64_t row_end = spool_->row_end(next_, until);
  const bool ends_there = row_end != until;
  until = row_end;
  const size_t before = cut_.bytes();
  cut_.extend({spool_->at(next_), until - next_});
  if (before == 0 && cut_.bytes() != 0) {
    cut_since_ns_ = base::monotonic_ns();
    // Many services that start together must not flush together.
    flush_after_ns_ = static_cast<int64_t>(static_cast<double>(options_.flush_after_ns) *
                                           (0.7 + 0.25 * random_unit()));
  }
  return cut_.is_full() || (ends_there && next_ + cut_.bytes() == until);
}

std::unique_ptr<Shipper::Job> Shipper::live_job(int64_t now_ns) {
  const bool full = extend_cut();
  if (cut_.bytes() == 0) return nullptr;
  const bool due = full || in_haste_ || now_ns - cut_since_ns_ >= flush_after_ns_;
  if (!due) return nullptr;
  auto job = std::make_unique<Job>();
  job->live = true;
  job->begin = next_;
  job->end = next_ + cut_.bytes();
  next_ = job->end;
  job->lines = cut_.take();
  return job;
}

std::unique_ptr<Shipper::Job> Shipper::next_job(int64_t now_ns) {
  const bool spool_presses = committed_ - mark_ > spool_->data_bytes() / 2;
  if (is_starting()) {
    // Batches that need not be unpacked: that would take the time in which the spool fills. Soon
    // this one is full.
    auto job = live_job(now_ns);
    if (job != nullptr || cut_.bytes() != 0) return job;
  }
  if (spool_presses || backlog_.empty()) {
    if (auto job = live_job(now_ns)) return job;
    if (backlog_.empty()) return nullptr;
  }
  auto job = std::make_unique<Job>();
  job->blocks = backlog_.next_batch(options_.limits, job->text);
  if (job->blocks.empty()) return spool_presses ? nullptr : live_job(now_ns);
  job->lines = lines_of(job->text);
  for (const uint32_t block : job->blocks) backlog_.set_busy(block, true);
  return job;
}

bool Shipper::start_one(Seat& seat, int64_t now_ns) {
  const auto patience =
      pace_.reaching() ? Destination::Patience::kSeveral : Destination::Patience::kOne;
  const bool again = seat.job != nullptr;
  if (!again) {
    seat.job = next_job(now_ns);
    if (seat.job == nullptr) return false;
    sender_of(seat);
  }
  Job& job = *seat.job;
  job.under_way = true;
  job.attempted = true;
  busy_ns_ = now_ns;
  shrunk_ = false;
  if (again) {
    seat.sender->send_again(patience);
  } else {
    seat.sender->send(job.live ? std::string_view(spool_->at(job.begin), job.end - job.begin)
                               : std::string_view(job.text),
                      std::move(job.lines), patience);
  }
  return true;
}

Sender& Shipper::sender_of(Seat& seat) {
  if (seat.sender == nullptr)
    seat.sender = std::make_unique<Sender>(*destination_, options_.limits, options_.coding,
                                           [this] { spool_->poke(); });
  return *seat.sender;
}

void Shipper::prepare(int64_t now_ns) {
  const bool has_lines = mark_ != committed_ || !backlog_.empty();
  if (preparing_ || !has_lines || !pace_.may_send(now_ns, 0)) return;
  sender_of(seats_.front()).prepare();
  preparing_ = true;
}

void Shipper::start_puts(int64_t now_ns) {
  if (!prepared_) return prepare(now_ns);
  if (!pace_.reaching()) return probe(now_ns);
  // What was sent before goes first, and unchanged.
  for (Seat& seat : seats_) {
    if (seat.job == nullptr || seat.job->under_way || seat.job->invalid) continue;
    if (!may_send(now_ns)) return;
    start_one(seat, now_ns);
  }
  for (Seat& seat : seats_) {
    // A put that takes long holds the mark up, and what overtakes it has to be noted somewhere.
    if (settled_free() <= kPutsMax) return;
    if (seat.job != nullptr) continue;
    if (!may_send(now_ns) || !start_one(seat, now_ns)) return;
  }
}

// One put, to see whether it is taken: of each seat in turn, so that a batch that nobody wants does
// not stand in the way of all others.
void Shipper::probe(int64_t now_ns) {
  for (size_t i = 0; i < seats_.size() && pace_.may_send(now_ns, under_way()); ++i) {
    Seat& seat = seats_[probed_++ % seats_.size()];
    if (seat.job == nullptr || !seat.job->invalid) start_one(seat, now_ns);
  }
}

int64_t Shipper::next_wake_ns(int64_t now_ns) const {
  int64_t wake_ns = now_ns + kLookNs;
  const int64_t send_by_ns = send_by_ns_.load(std::memory_order_relaxed);
  if (send_by_ns != 0) wake_ns = std::min(wake_ns, send_by_ns);
  if (denied_.load(std::memory_order_relaxed)) return std::min(wake_ns, denied_until_ns_);
  const bool can_send = prepared_ && may_send(now_ns);
  if (!pace_.reaching() && under_way() == 0 && !preparing_)
    wake_ns = std::min(wake_ns, pace_.next_ns());
  if (pace_.reaching() && can_send && cut_.bytes() != 0)
    wake_ns = std::min(wake_ns, cut_since_ns_ + flush_after_ns_);
  return std::max(wake_ns, now_ns);
}

// The position from which on there is something to do.
uint64_t Shipper::wanted() const {
  if (denied_.load(std::memory_order_relaxed) || in_haste_) return committed_ + 1;
  if (!prepared_ && !preparing_ && pace_.reaching()) return committed_ + 1;
  const uint64_t full_spool = mark_ + fill_max() + 1;
  if (!prepared_ || !pace_.reaching() || under_way() == kPutsMax)
    return std::max(full_spool, committed_ + kSpoolDataBytes / 32);
  if (cut_.bytes() == 0 && next_ == committed_) return committed_ + 1;
  // Most of what the batch still takes.
  const size_t left =
      options_.limits.bytes_max - std::min(cut_.counted(), options_.limits.bytes_max);
  return committed_ + std::max<uint64_t>(left / 2, 1);
}

}  // namespace outrigger::keeper
