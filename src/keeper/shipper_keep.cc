// What becomes of lines that CloudWatch does not take: into the backlog, into the ledger, onto
// stdout.
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "keeper/shipper.h"
#include "render/time_text.h"

namespace outrigger::keeper {
namespace {

constexpr int kPollMs = 100;
constexpr size_t kPrintBytesMax = 64u << 10;
// How long senders get to notice that they are cancelled.
constexpr int64_t kCancelNs = 300 * base::kNsPerMs;
// So much of the spool may be filled before its oldest lines are put away, while CloudWatch takes
// none.
constexpr uint64_t kFillWhileNot = 3u << 20;
// Before the first answer: so that the small part of the spool is enough.
constexpr uint64_t kFillAtFirst = 1u << 20;
// The same, with puts under way.
constexpr uint64_t kFillWhileWarming = 2u << 20;

}  // namespace

Shipper::Seat* Shipper::seat_at(uint64_t begin) {
  for (Seat& seat : seats_) {
    if (seat.job != nullptr && seat.job->live && seat.job->begin == begin) return &seat;
  }
  return nullptr;
}

void Shipper::note_loss(Loss loss, const Tally& tally) {
  if (tally.lines == 0) return;
  LedgerPage& page = memory_.ledger[static_cast<size_t>(loss)];
  if (const int64_t from_ms = page.from_ms.load(std::memory_order_relaxed);
      from_ms == 0 || tally.from_ms < from_ms)
    page.from_ms.store(tally.from_ms, std::memory_order_relaxed);
  if (tally.to_ms > page.to_ms.load(std::memory_order_relaxed))
    page.to_ms.store(tally.to_ms, std::memory_order_relaxed);
  memory_.dropped_lines.fetch_add(tally.lines, std::memory_order_relaxed);
  for (size_t level = 0; level < segment::kLevels; ++level)
    page.calls[level].fetch_add(tally.calls[level], std::memory_order_relaxed);
}

// --- Into the backlog --------------------------------------------------------------------------

// While all is well CloudWatch is only slow: then all but what the drain wants, which is room for two
// entries of the largest size, and a little. Before its first answer nobody knows how long that takes,
// and lines that wait compressed cost less than fresh pages for them.
uint64_t Shipper::fill_max() const {
  if (!pace_.proven()) return kFillAtFirst;
  if (!pace_.reaching()) return kFillWhileNot;
  if (spool_->is_warming()) return kFillWhileWarming;
  return spool_->data_bytes() / 16 * 15 - 2 * kEntryBytesMax;
}

void Shipper::evacuate() {
  while (committed_ - mark_ > fill_max() && evacuate_oldest()) advance_mark();
}

// Moves the mark over the oldest lines that are not settled; false when they cannot go yet.
bool Shipper::evacuate_oldest() {
  Tally pushed_out, not_kept;
  if (Seat* const seat = seat_at(mark_)) {
    Job& job = *seat->job;
    if (job.invalid || (job.under_way && seat->sender->state() == Sender::State::kReading))
      return false;
    const std::string_view lines(spool_->at(job.begin), job.end - job.begin);
    job.blocks =
        backlog_.put(lines, job.begin, job.end, Backlog::Kind::kAttempted, pushed_out, not_kept);
    note_loss(Loss::kNoRoom, pushed_out);
    if (not_kept.lines != 0 && job.under_way) return false;  // its answer will tell
    note_loss(Loss::kNoRoom, not_kept);
    move_mark(job.end);
    job.live = false;
    if (job.under_way) {
      for (const uint32_t block : job.blocks) backlog_.set_busy(block, true);
    } else {
      seat->job.reset();
      seat->sender->shrink();
    }
    return true;
  }
  if (next_ != mark_) return false;  // settled out of turn: advance_mark() has seen to it
  extend_cut();
  if (cut_.bytes() == 0) return false;
  const uint64_t end = next_ + cut_.bytes();
  backlog_.put({spool_->at(next_), cut_.bytes()}, next_, end, Backlog::Kind::kByLevel, pushed_out,
               not_kept);
  note_loss(Loss::kNoRoom, pushed_out);
  note_loss(Loss::kNoRoom, not_kept);
  next_ = end;
  cut_.clear();
  move_mark(end);
  return true;
}

// One entry of it cannot be taken: in halves it is found.
void Shipper::halve(Seat& seat) {
  Job& job = *seat.job;
  if (job.live && job.begin != mark_) return;  // when its turn has come
  // A batch may have gone into the backlog while its answer was under way.
  std::string unpacked;
  for (const uint32_t block : job.blocks) backlog_.unpack(block, unpacked);
  const std::string_view lines =
      job.live ? std::string_view(spool_->at(job.begin), job.end - job.begin) : unpacked;
  const Tally tally = tally_of(lines);
  Tally pushed_out, not_kept;
  if (tally.lines == 1) {
    note_loss(Loss::kInvalid, tally);
  } else {
    const size_t middle = lines.find('\n', lines.size() / 2);
    // Where the second half is one long line, the first has to end before it.
    const size_t size =
        middle + 1 < lines.size() ? middle + 1 : lines.rfind('\n', lines.size() - 2) + 1;
    uint64_t begin = job.begin, end = job.end;
    if (!job.live) {
      begin = backlog_.block(job.blocks.front()).begin;
      end = backlog_.block(job.blocks.front()).end;
    }
    for (const std::string_view half : {lines.substr(0, size), lines.substr(size)})
      backlog_.put(half, begin, end, Backlog::Kind::kAttempted, pushed_out, not_kept);
    note_loss(Loss::kNoRoom, pushed_out);
    note_loss(Loss::kNoRoom, not_kept);
  }
  if (job.live) {
    move_mark(job.end);
  }
  for (const uint32_t block : job.blocks) backlog_.free(block);
  seat.job.reset();
}

// --- Onto stdout -------------------------------------------------------------------------------

// Batches that wait to be sent again are lines like any other now. Precondition: none is under way,
// or nobody waits for it any more.
void Shipper::drop_jobs() {
  for (Seat& seat : seats_) {
    if (seat.job == nullptr) continue;
    for (const uint32_t block : seat.job->blocks) backlog_.set_busy(block, false);
    abandoned_.push_back(std::move(seat.job));
    if (!abandoned_.back()->under_way) abandoned_.pop_back();
  }
  next_ = mark_;
  cut_.clear();
}

void Shipper::print_all() {
  if (mark_ == committed_ && backlog_.empty()) return;
  drop_jobs();
  print_blocks();
  while (mark_ != committed_) {
    uint64_t until = committed_;
    for (const SettledRange& range : memory_.settled) {
      const uint64_t begin = range.begin.load(std::memory_order_relaxed);
      if (range.end.load(std::memory_order_relaxed) != 0 && begin > mark_)
        until = std::min(until, begin);
    }
    print_spool(spool_->row_end(mark_, until));
    advance_mark();
  }
  next_ = mark_;
  cut_.clear();
}

void Shipper::print_blocks() {
  std::string lines;
  for (const uint32_t block : backlog_.all()) {
    lines.clear();
    if (backlog_.unpack(block, lines)) print(lines);
    backlog_.free(block);
  }
}

void Shipper::print_spool(uint64_t until) {
  while (mark_ < until) {
    std::string_view lines(spool_->at(mark_), std::min<uint64_t>(until - mark_, kPrintBytesMax));
    const size_t last = lines.rfind('\n');
    lines = last == std::string_view::npos
                ? std::string_view(spool_->at(mark_), until - mark_)
                      .substr(0, std::string_view(spool_->at(mark_), until - mark_).find('\n') + 1)
                : lines.substr(0, last + 1);
    print(lines);
    move_mark(mark_ + lines.size());
  }
}

// A stdout that stalls may keep this thread waiting, but not from ending.
void Shipper::write_out(std::string_view lines) {
  while (!lines.empty() && !stopped_.load(std::memory_order_acquire)) {
    pollfd ready{options_.print_to, POLLOUT, 0};
    if (poll(&ready, 1, kPollMs) <= 0) continue;
    // A pipe that is ready takes so many without waiting.
    const ssize_t written =
        write(options_.print_to, lines.data(), std::min<size_t>(lines.size(), PIPE_BUF));
    if (written > 0) {
      lines.remove_prefix(static_cast<size_t>(written));
    } else if (written == 0 || (errno != EINTR && errno != EAGAIN)) {
      print_failed_ = true;
      base::write_line(STDERR_FILENO, options_.name,
                       ": cannot print the log: ", base::error_text(errno),
                       "; entries are counted and discarded");
      return;
    }
  }
}

void Shipper::print(std::string_view lines) {
  if (!options_.is_printed_anyway && !print_failed_) write_out(lines);
  const Tally tally = tally_of(lines);
  if (print_failed_ && !options_.is_printed_anyway) return note_loss(Loss::kNoRoom, tally);
  memory_.printed.fetch_add(tally.lines, std::memory_order_relaxed);
  if (finishing_) printed_at_end_ += tally.lines;
}

void Shipper::finish_by_printing() {
  if (mark_ == committed_ && backlog_.empty() && under_way() == 0) return;
  destination_->cancel();
  const int64_t until_ns = base::monotonic_ns() + kCancelNs;
  while ((under_way() != 0 || preparing_) && base::monotonic_ns() < until_ns) {
    spool_->wait_for_more(UINT64_MAX, base::monotonic_ns() + 10 * base::kNsPerMs);
    take_results(base::monotonic_ns());
    advance_mark();
  }
  print_all();
  print_last_line();
}

void Shipper::print_last_line() {
  if (printed_at_end_ == 0 || options_.is_printed_anyway) return;
  char time[render::TimeText::kBytes + 8];
  render::TimeText{}.write(time, base::real_ns());
  std::string error;
  {
    const std::lock_guard lock(mutex_);
    error = last_error_;
  }
  std::string line =
      "{\"time\":\"" + std::string(time, render::TimeText::kBytes) +
      "\",\"level\":\"WARN\",\"message\":\"printed " + std::to_string(printed_at_end_) +
      " entries that CloudWatch Logs did not take\",\"count\":" + std::to_string(printed_at_end_) +
      ",\"reason\":\"";
  for (const char c : error) {
    if (static_cast<unsigned char>(c) < ' ') continue;
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  base::write_all(options_.print_to, line + "\"}\n");
}

}  // namespace outrigger::keeper
