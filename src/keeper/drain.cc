#include "keeper/drain.h"

#include <algorithm>

#include "base/clock.h"

namespace outrigger::keeper {

using internal::ArgumentType;
using render::kKeeperRing;

namespace {

constexpr uint32_t kWarn = 3;
constexpr uint32_t kError = 4;
constexpr uint32_t kFatal = 5;
// Lines of this many bytes are committed together: enough to make the commit cheap, few enough that
// the rings get their room back while it is warm.
constexpr size_t kBatchBytes = 256u << 10;
// A turn with fewer bytes than this was hardly worth it: better to let some more come together.
constexpr size_t kLittleBytes = 32u << 10;
// The page sees a burst this late.
constexpr int64_t kRecentEveryNs = 50 * base::kNsPerMs;

// By Loss.
constexpr const char* kLossReasons[kLosses] = {
    "CloudWatch Logs could not be reached, and the memory for them was full",
    "CloudWatch Logs takes none older than 14 days",
    "CloudWatch Logs takes none from more than 2 hours ahead",
    "older than the log group's retention",
    "CloudWatch Logs called them invalid",
};

uint64_t sum_of(const std::atomic<uint64_t> (&counters)[segment::kLevels]) {
  uint64_t sum = 0;
  for (const auto& counter : counters) sum += counter.load(std::memory_order_relaxed);
  return sum;
}

// Where a spool is fresh although the service is not, the rings' own marks are the best that is
// known; what was dropped until now is nobody's to tell any more.
segment::SourceMarks marks_in(segment::View view) {
  segment::SourceMarks marks{};
  for (uint32_t i = 0; i < segment::kRings; ++i) {
    const segment::RingControl& ring = view.ring(i);
    marks[i].read = ring.read.load(std::memory_order_relaxed);
    marks[i].generation = ring.generation.load(std::memory_order_relaxed);
    marks[i].next_sequence = marks[i].read == 0 ? 0 : UINT64_MAX;
    marks[i].told = marks[i].gaps = marks[i].read == 0 ? 0 : sum_of(ring.dropped);
  }
  segment::SourceMark& queue = marks[segment::kOverflowRing];
  queue.read = view.overflow().dequeue.load(std::memory_order_relaxed);
  queue.told = queue.gaps = queue.read == 0 ? 0 : sum_of(view.overflow().dropped);
  return marks;
}

}  // namespace

Drain::Drain(segment::View view, int segment_fd, Spool& spool, Recent& recent, TickClock& clock)
    : spool_(spool),
      recent_(recent),
      clock_(clock),
      started_ns_(view.header().real_ns_at_start),
      reader_(view, segment_fd),
      decoder_(render::Image::of_program()),
      json_(spool.boot()),
      text_(render::Colours::kNone) {
  reader_.resume(spool.found() == Spool::Found::kPredecessor ? spool.state().marks
                                                             : marks_in(view));
}

void Drain::set_format(LineFormat format) {
  format_ = format;
  text_ = render::TextLines(format == LineFormat::kColouredText ? render::Colours::kAnsi
                                                                : render::Colours::kNone);
}

Drain::Turn Drain::turn(Service service) {
  if (!has_room()) return Turn::kNoRoom;
  const bool ended = service == Service::kEnded;
  Turn result = Turn::kIdle;
  // What has been written since the last turn stays for the next one. This processor fetches lines
  // ahead of what it reads; at a ring's end those are the ones that the service is about to write,
  // and it would have to wait for them.
  const uint64_t now = base::ticks();
  const uint64_t horizon = looked_at_ == 0 ? now : looked_at_;
  looked_at_ = now;
  if (reader_.begin(ended ? UINT64_MAX : horizon, ended)) {
    segment::RawRecord record;
    while (spool_.uncommitted() < kBatchBytes && has_room() && reader_.next(record)) {
      if (record.missing != 0) put_gap(record);
      put_record(record, clock_.time_of(record.ticks));
    }
    result = spool_.uncommitted() < kLittleBytes ? Turn::kLittle : Turn::kWorked;
    commit();
  } else if (reader_.has_younger()) {
    result = Turn::kLittle;
  }
  if (result == Turn::kIdle) {
    publish();
  } else if (const int64_t now_ns = base::monotonic_ns(); now_ns - published_ns_ > kRecentEveryNs) {
    publish();
    published_ns_ = now_ns;
  }
  return result;
}

void Drain::publish() {
  recent_.publish();
  irregularities_.store(reader_.corruptions() + reader_.abandoned() + decoder_.unreadable(),
                        std::memory_order_relaxed);
}

void Drain::commit() {
  spool_.state().marks = reader_.marks();
  spool_.commit();
  errors_.store(spool_.state().errors, std::memory_order_relaxed);
  reader_.release();
}

uint64_t Drain::errors() const {
  const segment::DropTotals dropped = this->dropped();
  return errors_.load(std::memory_order_relaxed) + dropped.by_level[kError] +
         dropped.by_level[kFatal];
}

void Drain::put_record(const segment::RawRecord& record, int64_t time_ns, uint64_t gap_calls) {
  const render::Entry entry = decoder_.decode(record, time_ns);
  char* const begin = spool_.draft();
  char* const end =
      format_ == LineFormat::kJson ? json_.append(begin, entry) : text_.append(begin, entry);
  const auto bytes = static_cast<size_t>(end - begin);
  gap_calls == 0 ? spool_.add(bytes) : spool_.add_gap(bytes, gap_calls);
  if (entry.level >= kError) ++spool_.state().errors;
  recent_.note(record, time_ns);
}

void Drain::put(OwnSource source, int64_t time_ns, uint64_t gap_calls) {
  segment::RawRecord record = made_.finish();
  record.ring = kKeeperRing + static_cast<uint32_t>(source);
  record.sequence = spool_.state().sequences[static_cast<size_t>(source)]++;
  put_record(record, time_ns, gap_calls);
}

void Drain::begin_gap(uint64_t count, uint64_t since_ticks, int64_t until_ns) {
  const int64_t since_ns = since_ticks == 0 ? started_ns_ : clock_.time_of(since_ticks);
  made_.begin(kWarn,
              count == 1 ? "dropped {count:L} entry between {from} and {to}"
                         : "dropped {count:L} entries between {from} and {to}",
              {});
  made_.add(count);
  made_.add(ArgumentType::kTime, static_cast<uint64_t>(std::min(since_ns, until_ns)));
  made_.add(ArgumentType::kTime, static_cast<uint64_t>(until_ns));
}

// The entry stands where the dropped ones would have stood, under the first of their numbers: in
// each ring, every number is either that of an entry or covered by a gap.
void Drain::put_gap(const segment::RawRecord& record) {
  const int64_t until_ns = clock_.time_of(record.ticks);
  begin_gap(record.missing, record.previous_ticks, until_ns);
  segment::RawRecord gap = made_.finish();
  gap.ring = record.ring;
  gap.generation = record.generation;
  gap.sequence = record.sequence - record.missing;
  gap.thread_id = record.thread_id;
  std::copy(std::begin(record.thread_name), std::end(record.thread_name), gap.thread_name);
  put_record(gap, until_ns, record.missing);
}

void Drain::tell_drops() {
  if (!has_room()) return;
  const segment::Reader::Untold untold = reader_.take_untold();
  if (untold.count == 0) return;
  const int64_t now_ns = base::real_ns();
  begin_gap(untold.count, untold.since_ticks, now_ns);
  put(OwnSource::kKeeper, now_ns, untold.count);
  commit();
}

void Drain::tell_lost(const char* why) {
  const uint64_t lost = spool_.memory().lost.load(std::memory_order_relaxed);
  uint64_t& told = spool_.state().lost_told;
  if (lost == told || !has_room()) return;
  const uint64_t count = lost - told;
  made_.begin(kWarn, why, {});
  made_.add(count);
  told = lost;
  put(OwnSource::kKeeper, base::real_ns(), count);
  commit();
}

void Drain::tell_ledger(ShipMemory& memory) {
  for (size_t loss = 0; loss < kLosses; ++loss) {
    LedgerPage& page = memory.ledger[loss];
    uint64_t(&told)[segment::kLevels] = spool_.state().ledger_told[loss];
    uint64_t counts[segment::kLevels];
    uint64_t count = 0;
    for (size_t level = 0; level < segment::kLevels; ++level) {
      counts[level] = page.calls[level].load(std::memory_order_relaxed) - told[level];
      count += counts[level];
    }
    if (count == 0 || !has_room()) continue;
    const auto from_ms = page.from_ms.exchange(0, std::memory_order_relaxed);
    const auto to_ms = page.to_ms.load(std::memory_order_relaxed);
    made_.begin(kWarn,
                "dropped {count:L} entries between {from} and {to} ({trace} TRACE, {debug} DEBUG, "
                "{info} INFO, {warn} WARN, {error} ERROR, {fatal} FATAL): {reason}",
                {});
    made_.add(count);
    made_.add(ArgumentType::kTime, static_cast<uint64_t>(from_ms * base::kNsPerMs));
    made_.add(ArgumentType::kTime, static_cast<uint64_t>(to_ms * base::kNsPerMs));
    for (size_t level = 0; level < segment::kLevels; ++level) {
      made_.add(counts[level]);
      told[level] += counts[level];
    }
    made_.add(std::string_view(kLossReasons[loss]));
    put(OwnSource::kKeeper, base::real_ns(), count);
    commit();
  }
}

}  // namespace outrigger::keeper
