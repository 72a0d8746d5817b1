#include "keeper/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "base/threads.h"

namespace outrigger::keeper {
namespace {

constexpr uint64_t kMagic = 0x314c4f4f5053544fULL;  // "OTSPOOL1"
// Asked for at once: the first few lines do not cost much memory, a burst does not cost many calls.
constexpr size_t kPopulateMin = 16u << 10;
constexpr size_t kPopulateMax = 256u << 10;
// Of the thread that touches pages ahead: it takes what nobody else wants, and a tenth.
constexpr int kNice = 10;
constexpr size_t kLinesBytes = kLargeAt + kSpoolDataBytes;

Error no_memory() {
  return Error{ErrorKind::kUnavailable,
               "no memory for the log's spool: " + std::string(base::error_text(errno)),
               {}};
}

// Sixteen bytes at a time: it is done for all that goes out.
uint64_t count_line_ends(const char* from, size_t bytes) {
  typedef unsigned char Block [[gnu::vector_size(16)]];
  constexpr Block kLineEnds = Block{} + static_cast<unsigned char>('\n');
  constexpr size_t kBlocksMax = 255;  // before a byte of the sums overflows
  uint64_t lines = 0;
  while (bytes >= sizeof(Block)) {
    Block sums{};
    for (size_t i = 0; i < kBlocksMax && bytes >= sizeof(Block); ++i) {
      Block block;
      memcpy(&block, from, sizeof(block));
      sums -= reinterpret_cast<Block>(block == kLineEnds);  // all ones where equal
      from += sizeof(Block);
      bytes -= sizeof(Block);
    }
    for (size_t i = 0; i < sizeof(Block); ++i) lines += sums[i];
  }
  return lines + static_cast<uint64_t>(std::count(from, from + bytes, '\n'));
}

bool is_large_enough(int fd, size_t bytes) {
  struct stat status;
  return fstat(fd, &status) == 0 && static_cast<size_t>(status.st_size) >= bytes;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(int fd, uint64_t boot) {
  std::unique_ptr<Spool> spool(new Spool);
  if (fd < 0) {
    spool->own_fd_.reset(memfd_create("outrigger-spool", MFD_CLOEXEC));
    if (!spool->own_fd_ || ftruncate(spool->own_fd_.get(), kSpoolFileBytes) != 0)
      return no_memory();
    fd = spool->own_fd_.get();
  } else if (!is_large_enough(fd, kLinesBytes)) {
    return failed("the log's spool is smaller than " + std::to_string(kLinesBytes) + " bytes");
  }
  if (!spool->map(fd)) return no_memory();
  // Acquire: pairs with the release in start_afresh() of a predecessor.
  if (spool->memory().magic.load(std::memory_order_acquire) == kMagic) {
    spool->resume();
  } else {
    spool->start_afresh(boot);
  }
  return spool;
}

bool Spool::map(int fd) {
  fd_ = fd;
  head_ = base::Mapping::shared(fd, kSpoolDataAt);
  if (!head_) return false;
  const bool large = memory().data_bytes == kSpoolDataMax && is_large_enough(fd, kSpoolFileBytes);
  if (is_large_enough(fd, kKeptHeapAt + sizeof(pprof::KeptHeap)))
    heap_ = base::Mapping(
        mmap(nullptr, sizeof(pprof::KeptHeap), PROT_READ | PROT_WRITE, MAP_SHARED, fd, kKeptHeapAt),
        sizeof(pprof::KeptHeap));
  small_ = map_twice(kSpoolDataAt, kSmallBytes);
  return small_ && map_large(large ? kSpoolDataMax : kSpoolDataBytes);
}

base::Mapping Spool::map_twice(size_t at, size_t bytes) const {
  base::Mapping twice(mmap(nullptr, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                      2 * bytes);
  if (!twice) return {};
  for (const size_t half : {size_t{0}, bytes}) {
    if (mmap(twice.bytes() + half, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd_,
             static_cast<off_t>(at)) == MAP_FAILED) {
      return {};
    }
  }
  return twice;
}

bool Spool::map_large(size_t bytes) {
  base::Mapping twice = map_twice(kLargeAt, bytes);
  if (!twice) return false;
  large_ = std::move(twice);
  data_bytes_ = bytes;
  return true;
}

Spool::~Spool() {
  if (warmer_.joinable()) warmer_.join();
}

void Spool::set_grown_at(uint64_t position) {
  memory().grown_at.store(position == UINT64_MAX ? 0 : position, std::memory_order_relaxed);
  grown_at_.store(position, std::memory_order_relaxed);
}

Result<void> Spool::consume(Consumers consumers, size_t data_bytes) {
  if (consumers == Consumers::kOutput) {
    consumers_ = consumers;
    return {};
  }
  if (!is_large_enough(fd_, kSpoolFileBytes))
    return failed("the log's spool is smaller than " + std::to_string(kSpoolFileBytes) +
                  " bytes: no room for shipping");
  if (!ship_) {
    const size_t bytes = kSpoolFileBytes - kShipAt;
    ship_ = base::Mapping(
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, static_cast<off_t>(kShipAt)),
        bytes);
    if (!ship_) return no_memory();
  }
  if (data_bytes > data_bytes_ && !is_grown()) {
    const std::lock_guard lock(mutex_);
    if (!map_large(kSpoolDataMax)) return no_memory();
    memory().data_bytes = kSpoolDataMax;
  }
  ShipMemory& ship = *ship_memory();
  if (ship.began.exchange(1, std::memory_order_relaxed) == 0)
    ship.mark.store(state_.fill, std::memory_order_relaxed);
  // Only a keeper that scribbled over its own memory leaves a mark out of reach.
  const uint64_t mark = ship_mark();
  if (!can_begin_at(mark)) ship.mark.store(state_.fill, std::memory_order_relaxed);
  shipped_.store(ship_mark(), std::memory_order_relaxed);
  consumers_ = consumers;
  return {};
}

void Spool::set_ship_mark(uint64_t mark, Pages pages) {
  const uint64_t before = shipped_.load(std::memory_order_relaxed);
  ship_memory()->mark.store(mark, std::memory_order_relaxed);
  if (pages == Pages::kGivenBack && consumers() == Consumers::kShipping) {
    punch(before, mark);
    // Relaxed: the drain sees it with the mark, or one commit late, which costs a few faults.
    gave_back_.store(true, std::memory_order_relaxed);
  }
  const uint64_t grown_at = this->grown_at();
  if (before < grown_at && grown_at <= mark && consumers() == Consumers::kShipping)
    fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kSpoolDataAt, kSmallBytes);
  // Release: the drain may write where the lines were that this thread has read.
  shipped_.store(mark, std::memory_order_release);
}

// The whole pages between two positions; their neighbours may be in use.
void Spool::punch(uint64_t begin, uint64_t end) {
  begin = (begin + kCellBytes - 1) / kCellBytes * kCellBytes;
  end = end / kCellBytes * kCellBytes;
  // What lies in the small part goes as a whole, once the last of it does.
  if (const uint64_t grown_at = this->grown_at(); grown_at != UINT64_MAX)
    begin = std::max(begin, (grown_at + kCellBytes - 1) / kCellBytes * kCellBytes);
  const bool in_large = begin >= grown_at();
  const uint64_t part_bytes = in_large ? data_bytes_ : kSmallBytes;
  while (begin < end) {
    const uint64_t at = begin % part_bytes;
    const uint64_t bytes = std::min(end - begin, part_bytes - at);
    fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              static_cast<off_t>((in_large ? kLargeAt : kSpoolDataAt) + at),
              static_cast<off_t>(bytes));
    begin += bytes;
  }
}

void Spool::give_back_cells(size_t begin, size_t bytes) {
  fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(kCellsAt + begin),
            static_cast<off_t>(bytes));
}

void Spool::wait_for_more(uint64_t wanted, int64_t until_ns) {
  std::unique_lock lock(mutex_);
  const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(until_ns)};
  shipping_wants_ = wanted;
  shipping_more_.wait_until(lock, until, [&] { return poked_ || committed_ >= wanted; });
  shipping_wants_ = UINT64_MAX;
  poked_ = false;
}

void Spool::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
  }
  shipping_more_.notify_one();
}

uint64_t Spool::committed() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

uint64_t Spool::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

void Spool::start_afresh(uint64_t boot) {
  // A memfd begins as zeros, and so does all of this: to write them would take 32 pages for nothing.
  if (memory().magic.load(std::memory_order_relaxed) != 0) new (head_.data()) SpoolMemory{};
  memory().boot = boot;
  // Release: pairs with the acquire in open(); all else is in place.
  memory().magic.store(kMagic, std::memory_order_release);
}

void Spool::resume() {
  SpoolMemory& memory = this->memory();
  found_ = Found::kPredecessor;
  // Acquire: pairs with the release in commit(). The predecessor is dead, but a habit is a habit.
  state_ = memory.commits[memory.selector.load(std::memory_order_acquire) & 1];
  const uint64_t written = memory.written.load(std::memory_order_relaxed);
  const uint64_t taken_end = memory.taken_end.load(std::memory_order_relaxed);
  const uint64_t tail = memory.tail.load(std::memory_order_relaxed);
  // Grown, but the first line there was not committed: the next one stands in the small part again.
  const uint64_t grown_at = memory.grown_at.load(std::memory_order_relaxed);
  set_grown_at(grown_at == 0 || grown_at >= state_.fill ? UINT64_MAX : grown_at);
  uint64_t begin = std::max(written, tail);
  if (!can_begin_at(begin)) {
    // Only a keeper that scribbled over its own memory leaves that behind. The lines are gone, the
    // marks are not.
    begin = state_.fill;
  }
  const bool was_writing = taken_end > written;
  if (was_writing) memory.owes_line_end.store(1, std::memory_order_relaxed);
  if (was_writing && tail > memory.taken_begin.load(std::memory_order_relaxed)) {
    // While the write() was under way, the place of its lines was given up: what was left of them
    // is lost.
    memory.lost.fetch_add(memory.taken_calls.load(std::memory_order_relaxed),
                          std::memory_order_relaxed);
    memory.lost_lines.fetch_add(memory.taken_lines.load(std::memory_order_relaxed),
                                std::memory_order_relaxed);
  }
  memory.written.store(begin, std::memory_order_relaxed);
  memory.taken_begin.store(begin, std::memory_order_relaxed);
  memory.taken_end.store(begin, std::memory_order_relaxed);
  // What was delivered is counted after the write() that did it; between the two a keeper may die.
  const uint64_t gone =
      memory.lost_lines.load(std::memory_order_relaxed) + lines_between(begin, state_.fill);
  memory.delivered.store(state_.entries - std::min(state_.entries, gone),
                         std::memory_order_relaxed);
  draft_ = committed_ = state_.fill;
  pages_are_gone();
  entries_ = state_.entries;
  committed_gaps_ = state_.gaps;
  gap_hint_ = state_.gaps - std::min<uint64_t>(state_.gaps, kGapsMax);
  position_ = begin;
  dirty_ = true;
}

// All committed lines from there on can be in their places still.
bool Spool::can_begin_at(uint64_t position) const {
  const uint64_t small_end = std::min(state_.fill, grown_at());
  return position <= state_.fill && state_.fill - position <= data_bytes_ &&
         (position >= small_end || small_end - position <= kSmallBytes);
}

uint64_t Spool::low_mark() const {
  // Acquire: pairs with the release in set_ship_mark().
  const uint64_t shipped = ships() ? shipped_.load(std::memory_order_acquire) : UINT64_MAX;
  if (consumers() == Consumers::kShipping) return shipped;
  // Relaxed: the output has copied what lies below `written` before it moved it, under the lock
  // that it took since.
  return std::min(shipped, std::max(memory().written.load(std::memory_order_relaxed),
                                    memory().tail.load(std::memory_order_relaxed)));
}

// The next line is the first in the large part, if the small one has no room for what may come.
size_t Spool::room() {
  const size_t room = room_now();
  if (room >= 2 * kEntryBytesMax || is_grown() || draft_ == 0) return room;
  set_grown_at(draft_);
  gone_since_ = draft_ / kCellBytes * kCellBytes;
  // Acquire: pairs with the release in warm().
  populated_ = warmth_.load(std::memory_order_acquire) == Warmth::kWarm ? UINT64_MAX : gone_since_;
  return room_now();
}

void Spool::warm() {
  if (data_bytes_ < kSpoolDataMax || grown_at() != UINT64_MAX ||
      warmth_.load(std::memory_order_relaxed) != Warmth::kCold)
    return;
  if (warmer_.joinable()) warmer_.join();
  warmth_.store(Warmth::kWarming, std::memory_order_relaxed);
  warmer_ = base::start_thread("or-pages", [this] {
    base::yield_to_others(kNice);
    for (size_t at = 0; at < data_bytes_; at += kPopulateMax) {
      madvise(large_.bytes() + at, kPopulateMax, MADV_POPULATE_WRITE);
      // The drain may be writing there by now, so this changes nothing. A virtual machine's host may
      // want a touch of its own.
      for (size_t i = 0; i < kPopulateMax; i += kCellBytes)
        reinterpret_cast<std::atomic<char>*>(large_.bytes() + at + i)
            ->fetch_or(0, std::memory_order_relaxed);
    }
    warmth_.store(Warmth::kWarm, std::memory_order_release);
  });
}

size_t Spool::room_now() const {
  const uint64_t low = low_mark();
  // The oldest gap's place may be used again when its line is gone.
  const Gap& oldest = memory().gaps[state_.gaps % kGapsMax];
  if (state_.gaps >= kGapsMax && oldest.end > low) return 0;
  // What is still in the small part counts as well: so much memory is had, and no more.
  return (is_grown() ? data_bytes_ : kSmallBytes) - (draft_ - low);
}

void Spool::add_gap(size_t bytes, uint64_t calls) {
  add(bytes);
  memory().gaps[state_.gaps++ % kGapsMax] = {draft_, calls};
}

void Spool::pages_are_gone() {
  gone_since_ = populated_ = draft_ / kCellBytes * kCellBytes;
  populate_bytes_ = 0;
}

void Spool::populate() {
  const uint64_t from = std::max(populated_, draft_ / kCellBytes * kCellBytes);
  const uint64_t at = from % part_bytes();
  populate_bytes_ = std::clamp(2 * populate_bytes_, kPopulateMin, kPopulateMax);
  const size_t bytes = std::min<uint64_t>(populate_bytes_, part_bytes() - at);
  char* const to = (is_grown() ? large_ : small_).bytes() + at;
  // A kernel before 5.14 refuses it; then pages come one by one.
  const bool refused = madvise(to, bytes, MADV_POPULATE_WRITE) != 0 && errno == EINVAL;
  populated_ = from + bytes;
  if (refused || populated_ >= gone_since_ + part_bytes()) populated_ = UINT64_MAX;
}

void Spool::commit() {
  SpoolMemory& memory = this->memory();
  if (gave_back_.load(std::memory_order_relaxed)) {
    gave_back_.store(false, std::memory_order_relaxed);
    pages_are_gone();
  }
  state_.fill = draft_;
  const uint32_t next = 1 - (memory.selector.load(std::memory_order_relaxed) & 1);
  memory.commits[next] = state_;
  // Release: pairs with the acquire in resume(), of whoever comes after a kill -9 of this process.
  memory.selector.store(next, std::memory_order_release);
  dirty_ = true;
  bool wake, wake_shipping;
  {
    const std::lock_guard lock(mutex_);
    committed_ = draft_;
    entries_ = state_.entries;
    committed_gaps_ = state_.gaps;
    wake = waiting_;
    wake_shipping = committed_ >= shipping_wants_;
  }
  if (wake) more_.notify_one();
  if (wake_shipping) shipping_more_.notify_one();
}

uint64_t Spool::lines_between(uint64_t begin, uint64_t end) const {
  const uint64_t middle = row_end(begin, end);
  return count_line_ends(place(begin), middle - begin) +
         count_line_ends(place(middle), end - middle);
}

// What lies between two positions. Precondition: mutex_ is held, and `begin` is no less than in the
// call before.
Spool::Chunk Spool::chunk_of(uint64_t begin, uint64_t end) const {
  Chunk chunk{end - begin, end, lines_between(begin, end), 0};
  chunk.calls = chunk.lines;
  for (; gap_hint_ < committed_gaps_; ++gap_hint_) {
    const Gap& gap = memory().gaps[gap_hint_ % kGapsMax];
    if (gap.end > end) break;
    if (gap.end > begin) chunk.calls += gap.calls - 1;
  }
  return chunk;
}

uint64_t Spool::drop_oldest(size_t bytes) {
  const std::lock_guard lock(mutex_);
  SpoolMemory& memory = this->memory();
  const uint64_t begin = position_;
  uint64_t end = committed_;
  if (committed_ - begin > bytes) {
    // Where the small part was left a line ends.
    const uint64_t from = begin + bytes;
    const uint64_t row = row_end(from, committed_);
    const void* const found = memchr(place(from), '\n', row - from);
    end = found == nullptr
              ? row
              : from + static_cast<uint64_t>(static_cast<const char*>(found) - place(from)) + 1;
  }
  const Chunk given_up = chunk_of(begin, end);
  memory.lost.fetch_add(given_up.calls, std::memory_order_relaxed);
  memory.lost_lines.fetch_add(given_up.lines, std::memory_order_relaxed);
  // What a write() has in hand is a copy, so its place is free as well.
  memory.tail.store(end, std::memory_order_relaxed);
  position_ = end;
  return given_up.calls;
}

void Spool::trim() {
  const std::lock_guard lock(mutex_);
  const bool taken = consumers() == Consumers::kShipping || position_ == committed_;
  if (!dirty_ || !taken || draft_ != committed_ || low_mark() != draft_) return;
  // Acquire: pairs with the release in warm().
  if (warmth_.load(std::memory_order_acquire) == Warmth::kWarming) return;
  fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kSpoolDataAt,
            static_cast<off_t>(kSmallBytes + data_bytes_));
  warmth_.store(Warmth::kCold, std::memory_order_relaxed);
  set_grown_at(UINT64_MAX);
  pages_are_gone();
  dirty_ = false;
}

Spool::Chunk Spool::take(char* to, size_t bytes_max) {
  std::unique_lock lock(mutex_);
  while (position_ == committed_) {
    if (stopped_) return {};
    waiting_ = true;
    more_.wait(lock);
    waiting_ = false;
  }
  const char* const from = place(position_);
  size_t bytes = std::min<uint64_t>(row_end(position_, committed_) - position_, bytes_max);
  if (bytes == bytes_max) {
    const void* const last = memrchr(from, '\n', bytes);
    if (last != nullptr) bytes = static_cast<size_t>(static_cast<const char*>(last) - from) + 1;
  }
  const Chunk chunk = chunk_of(position_, position_ + bytes);
  memcpy(to, from, bytes);
  // A piece of a line is lost as a line.
  memory().taken_lines.store(std::max<uint64_t>(chunk.lines, 1), std::memory_order_relaxed);
  memory().taken_calls.store(std::max<uint64_t>(chunk.calls, 1), std::memory_order_relaxed);
  memory().taken_begin.store(position_, std::memory_order_relaxed);
  memory().taken_end.store(chunk.end, std::memory_order_relaxed);
  position_ = chunk.end;
  return chunk;
}

void Spool::wrote(uint64_t position) {
  memory().written.store(position, std::memory_order_relaxed);
}

void Spool::delivered(const Chunk& chunk) {
  memory().delivered.fetch_add(chunk.lines, std::memory_order_relaxed);
}

void Spool::lost(const Chunk& chunk) {
  memory().lost.fetch_add(chunk.calls, std::memory_order_relaxed);
  memory().lost_lines.fetch_add(chunk.lines, std::memory_order_relaxed);
}

void Spool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  more_.notify_one();
}

bool Spool::is_drained() const {
  if (consumers() == Consumers::kShipping) return true;
  const std::lock_guard lock(mutex_);
  return position_ == committed_ &&
         std::max(memory().written.load(std::memory_order_relaxed),
                  memory().tail.load(std::memory_order_relaxed)) >= committed_;
}

uint64_t Spool::pending() const {
  if (consumers() == Consumers::kShipping) return 0;
  const std::lock_guard lock(mutex_);
  const uint64_t gone = memory().delivered.load(std::memory_order_relaxed) +
                        memory().lost_lines.load(std::memory_order_relaxed);
  return entries_ - std::min(entries_, gone);
}

}  // namespace outrigger::keeper
