#include "segment/reader.h"

#include <fcntl.h>
#include <string.h>

#include <algorithm>

#include "outrigger/internal/record.h"

namespace outrigger::segment {

using internal::kRecordHeaderBytes;
using internal::kRecordLevelShift;
using internal::kRecordPadding;
using internal::kRecordSizeMask;
using internal::RecordHeader;

namespace {

static_assert(internal::kRecordBytesMax <= 64u << 10, "Reader::copy_ holds the largest record");

// A record that claims a time further ahead than this (seconds, at any processor's rate) is lying,
// not racing.
constexpr uint64_t kTicksAheadMax = uint64_t{1} << 34;

uint64_t sum_of(const std::atomic<uint64_t> (&counters)[kLevels]) {
  uint64_t sum = 0;
  for (const auto& counter : counters) sum += counter.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace

void Reader::resume(const SourceMarks& marks) {
  marks_ = marks;
  for (uint32_t i = 0; i < kRings; ++i) {
    // A predecessor that freed a ring may have died before it made that mark safe.
    const uint32_t generation = view_.ring(i).generation.load(std::memory_order_relaxed);
    if (generation == marks_[i].generation) continue;
    marks_[i].generation = generation;
    marks_[i].next_sequence = 0;
    marks_[i].last_ticks = 0;
  }
  release();
}

bool Reader::begin(uint64_t horizon, bool service_dead) {
  horizon_ = horizon;
  service_dead_ = service_dead;
  active_count_ = 0;
  younger_ = false;
  current_ = kSources;
  for (uint32_t i = 0; i < kRings; ++i) {
    // Acquire: pairs with the writer's release; what lies below is complete.
    published_[i] = view_.ring(i).write.load(std::memory_order_acquire);
    heads_[i].loaded = false;
    if (published_[i] == marks_[i].read) {
      free_if_ended(i);
    } else if (load_ring_head(i)) {
      active_[active_count_++] = i;
    } else {
      younger_ |= heads_[i].loaded;
    }
  }
  heads_[kOverflowRing].loaded = false;
  if (view_.overflow().enqueue.load(std::memory_order_relaxed) != marks_[kOverflowRing].read) {
    if (load_overflow_head()) {
      active_[active_count_++] = kOverflowRing;
    } else {
      younger_ |= heads_[kOverflowRing].loaded;
    }
  }
  return active_count_ != 0;
}

// A time far ahead would hold up its source for ever.
uint64_t Reader::plausible(uint64_t ticks) const {
  return ticks > horizon_ && ticks - horizon_ > kTicksAheadMax ? horizon_ : ticks;
}

// Looks at the next record of a ring without taking it. Steps over padding.
bool Reader::load_ring_head(uint32_t ring) {
  const char* const data = view_.ring_data(ring);
  SourceMark& mark = marks_[ring];
  for (;;) {
    const uint64_t available = published_[ring] - mark.read;
    if (available == 0) return false;
    const uint64_t at = mark.read & (kRingBytes - 1);
    const uint64_t to_end = kRingBytes - at;
    if (available > kRingBytes || available % 8 != 0) break;
    uint32_t size_level;
    memcpy(&size_level, data + at, sizeof(size_level));
    const uint32_t size = size_level & kRecordSizeMask;
    const uint32_t level = size_level >> kRecordLevelShift;
    if (level == kRecordPadding && size == to_end && size <= available) {
      mark.read += size;
      continue;
    }
    if (level >= kLevels || size < kRecordHeaderBytes || size % 8 != 0 ||
        size > internal::kRecordBytesMax || size > available || size > to_end) {
      break;
    }
    uint64_t ticks;
    memcpy(&ticks, data + at + offsetof(RecordHeader, ticks), sizeof(ticks));
    // Time does not go back within a thread.
    heads_[ring] = {true, plausible(std::max(ticks, mark.last_ticks)), size};
    return service_dead_ || heads_[ring].ticks <= horizon_;
  }
  resynchronise(ring);
  return false;
}

// The ring's bytes make no sense: give up what is published and go on behind it.
void Reader::resynchronise(uint32_t ring) {
  ++corruptions_;
  marks_[ring].read = published_[ring] & ~uint64_t{7};
}

bool Reader::load_overflow_head() {
  OverflowQueue& queue = view_.overflow();
  SourceMark& mark = marks_[kOverflowRing];
  for (size_t steps = 0; steps <= kOverflowCells; ++steps) {
    const uint64_t ticket = mark.read;
    OverflowCell& cell = queue.cells[ticket % kOverflowCells];
    // Acquire: pairs with the writer's release; the record is complete.
    const uint64_t turn = cell.turn.load(std::memory_order_acquire);
    if (turn == ticket / kOverflowCells * 2 + 1) {
      uint32_t size_level;
      memcpy(&size_level, cell.record, sizeof(size_level));
      const uint32_t size = size_level & kRecordSizeMask;
      if (size_level >> kRecordLevelShift < kLevels && size >= kRecordHeaderBytes &&
          size % 8 == 0 && size <= kOverflowRecordBytesMax) {
        uint64_t ticks;
        memcpy(&ticks, cell.record + offsetof(RecordHeader, ticks), sizeof(ticks));
        heads_[kOverflowRing] = {true, plausible(ticks), size};
        return service_dead_ || heads_[kOverflowRing].ticks <= horizon_;
      }
      ++corruptions_;
    } else if (service_dead_ && queue.enqueue.load(std::memory_order_relaxed) > ticket) {
      ++abandoned_;  // its writer died inside the cell
    } else {
      return false;  // nothing there, or a writer at work
    }
    ++mark.read;
  }
  return false;
}

bool Reader::next(RawRecord& record) {
  while (active_count_ != 0) {
    // While the current source stays the oldest no other has to be looked at: bursts come out at
    // full speed.
    if (current_ == kSources || heads_[current_].ticks > run_until_) {
      current_ = active_[0];
      for (uint32_t i = 1; i < active_count_; ++i)
        if (heads_[active_[i]].ticks < heads_[current_].ticks) current_ = active_[i];
      run_until_ = UINT64_MAX;
      for (uint32_t i = 0; i < active_count_; ++i)
        if (active_[i] != current_) run_until_ = std::min(run_until_, heads_[active_[i]].ticks);
    }
    const uint32_t source = current_;
    const bool is_queue = source == kOverflowRing;
    is_queue ? take_overflow(record) : take_ring(source, record);
    const bool taken = record.size != 0;
    if (!(is_queue ? load_overflow_head() : load_ring_head(source))) {
      heads_[source].loaded = false;
      for (uint32_t i = 0; i < active_count_; ++i) {
        if (active_[i] == source) {
          active_[i] = active_[--active_count_];
          break;
        }
      }
      current_ = kSources;
    }
    if (taken) return true;
  }
  return false;
}

void Reader::take_ring(uint32_t ring, RawRecord& record) {
  SourceMark& mark = marks_[ring];
  const Head& head = heads_[ring];
  memcpy(copy_, view_.ring_data(ring) + (mark.read & (kRingBytes - 1)), head.size);
  RecordHeader header;
  memcpy(&header, copy_, sizeof(header));
  // Between the look and the copy a corrupt service may have written here: the copy is what counts.
  if ((header.size_level & kRecordSizeMask) != head.size ||
      header.size_level >> kRecordLevelShift >= kLevels) {
    record.size = 0;
    return resynchronise(ring);
  }
  const RingControl& control = view_.ring(ring);
  record.bytes = copy_;
  record.size = head.size;
  record.level = header.size_level >> kRecordLevelShift;
  record.ring = ring;
  record.generation = mark.generation;
  record.sequence = header.sequence;
  record.ticks = head.ticks;
  record.previous_ticks = mark.last_ticks;
  record.missing = 0;
  record.thread_id = control.thread_id.load(std::memory_order_relaxed);
  memcpy(record.thread_name, control.thread_name, sizeof(record.thread_name));
  if (header.sequence > mark.next_sequence) {
    mark.gaps += header.sequence - mark.next_sequence;
    if (mark.gaps > mark.told) {
      record.missing = mark.gaps - mark.told;
      mark.told = mark.gaps;
    }
  } else if (header.sequence < mark.next_sequence) {
    ++corruptions_;  // shown all the same, under the number it carries
  }
  mark.next_sequence = header.sequence + 1;
  mark.last_ticks = head.ticks;
  mark.read += head.size;
}

void Reader::take_overflow(RawRecord& record) {
  SourceMark& mark = marks_[kOverflowRing];
  const OverflowCell& cell = view_.overflow().cells[mark.read % kOverflowCells];
  const Head& head = heads_[kOverflowRing];
  ++mark.read;
  memcpy(copy_, cell.record, head.size);
  RecordHeader header;
  memcpy(&header, copy_, sizeof(header));
  if ((header.size_level & kRecordSizeMask) != head.size ||
      header.size_level >> kRecordLevelShift >= kLevels) {
    record.size = 0;
    ++corruptions_;
    return;
  }
  record.bytes = copy_;
  record.size = head.size;
  record.level = header.size_level >> kRecordLevelShift;
  record.ring = kOverflowRing;
  record.generation = 0;
  record.sequence = header.sequence;
  record.ticks = head.ticks;
  record.previous_ticks = mark.last_ticks;
  record.missing = 0;
  record.thread_id = static_cast<int32_t>(cell.thread_id);
  record.thread_name[0] = '\0';
  mark.last_ticks = head.ticks;
}

void Reader::release() {
  for (uint32_t i = 0; i < kRings; ++i) {
    RingControl& ring = view_.ring(i);
    // Release: pairs with the acquire in the writer's read_mark(); the copies are made.
    if (ring.read.load(std::memory_order_relaxed) != marks_[i].read)
      ring.read.store(marks_[i].read, std::memory_order_release);
  }
  OverflowQueue& queue = view_.overflow();
  const uint64_t read = marks_[kOverflowRing].read;
  uint64_t from = queue.dequeue.load(std::memory_order_relaxed);
  if (from == read) return;
  if (from > read || read - from > kOverflowCells)
    from = read > kOverflowCells ? read - kOverflowCells : 0;
  for (uint64_t ticket = from; ticket < read; ++ticket) {
    // Release: pairs with the acquire of a writer that takes the cell in the next lap.
    queue.cells[ticket % kOverflowCells].turn.store((ticket / kOverflowCells + 1) * 2,
                                                    std::memory_order_release);
  }
  queue.dequeue.store(read, std::memory_order_relaxed);
}

// A thread ended and everything of it has been read: its pages go back, then the ring is free for
// another.
void Reader::free_if_ended(uint32_t index) {
  RingControl& ring = view_.ring(index);
  // Acquire: pairs with the ending thread's release; no write follows it.
  if (ring.state.load(std::memory_order_acquire) != static_cast<uint32_t>(RingState::kEnded))
    return;
  if (ring.write.load(std::memory_order_acquire) != marks_[index].read) return;
  if (ring.read.load(std::memory_order_relaxed) != marks_[index].read)
    return;  // not safe yet: release() first
  if (segment_fd_ >= 0) {
    fallocate(segment_fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              static_cast<off_t>(kRingDataAt + index * kRingBytes), kRingBytes);
  }
  SourceMark& mark = marks_[index];
  // Calls that were dropped after the last record are gaps of this generation too.
  const uint64_t calls = ring.calls.load(std::memory_order_relaxed);
  if (calls > mark.next_sequence) mark.gaps += calls - mark.next_sequence;
  mark.next_sequence = 0;
  mark.last_ticks = 0;
  ++mark.generation;
  ring.generation.store(mark.generation, std::memory_order_relaxed);
  // Release: pairs with the acquire of the thread that claims it.
  ring.state.store(static_cast<uint32_t>(RingState::kFree), std::memory_order_release);
}

DropTotals Reader::dropped() const {
  DropTotals totals;
  for (size_t level = 0; level < kLevels; ++level) {
    for (uint32_t i = 0; i < kRings; ++i)
      totals.by_level[level] += view_.ring(i).dropped[level].load(std::memory_order_relaxed);
    totals.by_level[level] += view_.overflow().dropped[level].load(std::memory_order_relaxed);
  }
  return totals;
}

Reader::Untold Reader::take_untold() {
  Untold untold;
  for (uint32_t i = 0; i < kSources; ++i) {
    SourceMark& mark = marks_[i];
    const uint64_t counted =
        i == kOverflowRing ? sum_of(view_.overflow().dropped) : sum_of(view_.ring(i).dropped);
    if (counted <= mark.told) continue;
    untold.count += counted - mark.told;
    mark.told = counted;
    if (mark.last_ticks != 0 && (untold.since_ticks == 0 || mark.last_ticks < untold.since_ticks))
      untold.since_ticks = mark.last_ticks;
  }
  return untold;
}

}  // namespace outrigger::segment
