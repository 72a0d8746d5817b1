// The keeper's own memory: a memfd that the supervisor made and that outlives a keeper. It holds
// the rendered lines that stdout has not taken yet, and how far everything has been read.
//
//   offset    who writes       what
//   0         drain, output    SpoolMemory: marks and the double-buffered commit
//   128 KiB   drain            6 MiB of lines, then
//   kLargeAt  drain            8 MiB of lines, or 16 where logs are shipped. Each is circular, and
//                              mapped twice in a row so that a line never wraps
//   kShipAt   shipping         what ships logs to CloudWatch keeps there (ship_memory.h)
//
// Positions count bytes since the start and never go back. A byte lies at position % kSmallBytes of
// the small part; from the position `grown_at` on, where there is one, at position % data_bytes() of
// the large one.
//
// Why two: to walk through memory that was never touched costs more than to render the lines that fill
// it, where page faults are dear. Consumers that keep up, or a backlog that takes what cannot be sent
// yet, leave all lines within a few pages that are warm. When the small part is full the next line
// goes to the large one; once all is out and idle, back to the small one.
//
//      tail or written          committed          draft
//   ────────┼───────────────────────┼─────────────────┼────────────► positions
//    free   │  lines for stdout     │ being rendered  │ free
//
// A commit is one store: of the number of the CommitState that counts. It publishes the new fill
// mark together with the read marks of all rings. Whoever dies before it has done nothing; whoever
// dies after it is continued from there. The rings' own read marks move on only afterwards.
//
// Who consumes lines is said once, by consume(): stdout's output, shipping, or both, each with a
// mark of its own. A line's place is free when all of them are past it.
//
// Threads: the drain's side belongs to one thread, the output's side to another, shipping's to a
// third.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "base/mapping.h"
#include "keeper/ship_memory.h"
#include "outrigger/result.h"
#include "pprof/kept_heap.h"
#include "pprof/kept_map.h"
#include "segment/reader.h"

namespace outrigger::keeper {

inline constexpr size_t kSpoolDataAt = 128u << 10;
inline constexpr size_t kSmallBytes = 6u << 20;
inline constexpr size_t kLargeAt = kSpoolDataAt + kSmallBytes;
inline constexpr size_t kSpoolDataBytes = 8u << 20;
// The same where logs go to CloudWatch and there is memory: four batches under way hold half of the
// other, and what comes meanwhile at a million entries a second wants its place.
inline constexpr size_t kSpoolDataMax = 16u << 20;
inline constexpr size_t kShipAt = kLargeAt + kSpoolDataMax;
inline constexpr size_t kCellsAt = kShipAt + kShipHeadBytes;
inline constexpr size_t kSpoolFileBytes = kCellsAt + kCells * kCellBytes;
// Between it and the metrics' ledger (segment::kLedgerAt).
inline constexpr size_t kKeptHeapAt = kSpoolFileBytes;
// The keeper's entries, stdout's lines, stderr's: render::kKeeperRing and on.
inline constexpr size_t kOwnSources = 3;
// No rendered entry is longer (a test holds render::bytes_max() against it).
inline constexpr size_t kEntryBytesMax = 5u << 18;

inline constexpr size_t kGapsMax = 4096;
// Most lines are shorter.
inline constexpr size_t kLineBytesUsual = 2048;

struct CommitState {
  uint64_t fill = 0;                     // all below is complete
  uint64_t entries = 0;                  // lines below it, those of all time
  uint64_t gaps = 0;                     // those of them that tell of dropped calls
  uint64_t sequences[kOwnSources] = {};  // the next numbers of entries that come from no ring
  uint64_t lost_told = 0;                // of SpoolMemory::lost, how many an entry has told
  uint64_t end_told = 0;                 // 1: the entry of the service's end is among them
  uint64_t ledger_told[kLosses][segment::kLevels] = {};  // of ShipMemory::ledger
  uint64_t errors = 0;                                   // entries of ERROR or FATAL
  segment::SourceMarks marks{};
};

// A line that tells of dropped calls. Should it be lost itself, it counts for as many.
struct Gap {
  uint64_t end = 0;  // position behind the line
  uint64_t calls = 0;
};

struct SpoolMemory {
  std::atomic<uint64_t> magic;
  uint64_t boot;
  uint64_t data_bytes;             // kSpoolDataMax, or else kSpoolDataBytes
  std::atomic<uint64_t> grown_at;  // the first position in the large part; 0: none is
  std::atomic<uint32_t> selector;  // which of `commits` counts
  CommitState commits[2];
  // The output's lines.
  alignas(64) std::atomic<uint64_t> written;  // stdout has all below; the end of a line
  std::atomic<uint64_t> taken_begin;          // what a write() under way has in hand, as a copy
  std::atomic<uint64_t> taken_end;
  std::atomic<uint64_t> taken_lines;
  std::atomic<uint64_t> taken_calls;
  std::atomic<uint64_t> delivered;      // lines that stdout took
  std::atomic<uint32_t> owes_line_end;  // a write() was killed, perhaps within a line
  // The drain's.
  alignas(64) std::atomic<uint64_t> tail;  // all below is given up or written
  std::atomic<uint64_t> lost_lines;        // that stdout never took
  // The same in calls: a line that told of dropped ones counts for those.
  std::atomic<uint64_t> lost;
  Gap gaps[kGapsMax];  // circular, by CommitState::gaps
  // What else a successor has to know.
  alignas(64) std::atomic<int64_t> level_until_ns;  // CLOCK_REALTIME; 0: the level stays
  std::atomic<uint32_t> level_returns_to;
  // The same of modules; what returns is 1 + level, or 0: the service's.
  std::atomic<int64_t> module_until_ns[segment::kModules];
  std::atomic<uint32_t> module_returns_to[segment::kModules];
  std::atomic<uint32_t> announced;  // the admin port's address was printed
  // 1 + how many the OOM killer had ended when the service was last known to live on. 0: not yet.
  std::atomic<uint64_t> oom_kills;
  pprof::KeptMap service_map;
};
static_assert(sizeof(SpoolMemory) <= kSpoolDataAt);

class Spool {
 public:
  enum class Found { kNothing, kPredecessor };

  // `fd` is used, not owned; -1: memory of its own. `boot` names the run, for a fresh spool.
  static Result<std::unique_ptr<Spool>> open(int fd, uint64_t boot);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  Found found() const { return found_; }
  uint64_t boot() const { return memory().boot; }
  SpoolMemory& memory() const { return *reinterpret_cast<SpoolMemory*>(head_.data()); }
  // nullptr where the file has no place for it.
  pprof::KeptHeap* kept_heap() const { return static_cast<pprof::KeptHeap*>(heap_.data()); }

  enum class Consumers { kOutput, kShipping, kBoth };
  // By the drain's thread. Until then it is the output alone; shipping begins with what is committed
  // later, or goes on where a predecessor stopped. An error where the memory is too small for it.
  // More than kSpoolDataBytes are had only where nothing was written yet.
  Result<void> consume(Consumers consumers, size_t data_bytes = kSpoolDataBytes);
  bool ships() const { return consumers() != Consumers::kOutput; }
  size_t data_bytes() const { return data_bytes_; }  // of lines, at the most

  // --- The drain's side ---
  // Bytes that may be written at draft(). 0 also while too many gaps wait. To be called between
  // lines: it may be here that the spool grows.
  size_t room();
  char* draft() {
    if (draft_ + kLineBytesUsual > populated_) [[unlikely]]
      populate();
    return place(draft_);
  }
  // A line of that many bytes stands at draft().
  void add(size_t bytes) {
    draft_ += bytes;
    ++state_.entries;
  }
  // The same for a line that tells of so many dropped calls.
  void add_gap(size_t bytes, uint64_t calls);
  size_t uncommitted() const { return draft_ - state_.fill; }
  // What the next commit publishes, next to the lines; filled in by the caller.
  CommitState& state() { return state_; }
  void commit();
  // Gives up the oldest lines that no write() has in hand, so that at least `bytes` become free if
  // there are as many. Returns how many calls that were.
  uint64_t drop_oldest(size_t bytes);
  // Gives memory back when there is nothing to keep. To be called when idle for a while.
  void trim();

  // --- The output's side ---
  struct Chunk {
    size_t bytes = 0;    // 0: stopped, and nothing is left
    uint64_t end = 0;    // position behind it
    uint64_t lines = 0;  // ends of lines in it
    uint64_t calls = 0;  // what it means if these are lost
  };
  // A predecessor was killed inside a write(), so its last line may stand there unfinished. It
  // comes again as a whole, after a line end that says that the other one is over.
  bool owes_line_end() const { return memory().owes_line_end.load(std::memory_order_relaxed) != 0; }
  void line_end_is_paid() { memory().owes_line_end.store(0, std::memory_order_relaxed); }
  // Copies the next whole lines, at most `bytes_max` (a longer line comes in pieces). Waits for
  // some.
  Chunk take(char* to, size_t bytes_max);
  // Stdout has all below `position`, which is the end of a line.
  void wrote(uint64_t position);
  // A chunk has gone to stdout, or was given up.
  void delivered(const Chunk& chunk);
  void lost(const Chunk& chunk);

  // --- Shipping's side; precondition: ships() ---
  ShipMemory* ship_memory() const { return reinterpret_cast<ShipMemory*>(ship_.data()); }
  char* cells() const { return ship_.bytes() + kShipHeadBytes; }
  void give_back_cells(size_t begin, size_t bytes);
  // All below it is settled.
  uint64_t ship_mark() const { return ship_memory()->mark.load(std::memory_order_relaxed); }
  // The pages of what it passes are kept for the lines to come, or given back: where memory is
  // wanted for what CloudWatch does not take.
  enum class Pages { kKept, kGivenBack };
  void set_ship_mark(uint64_t mark, Pages pages);
  const char* at(uint64_t position) const { return place(position); }
  // Up to where the bytes from `begin` on stand in a row; the end of a line, at most `end`.
  uint64_t row_end(uint64_t begin, uint64_t end) const {
    const uint64_t grown_at = this->grown_at();
    return begin < grown_at && grown_at < end ? grown_at : end;
  }
  // Much is to be expected: touches the pages of the large part in the background, before they are
  // wanted, with what others leave of the processors.
  void warm();
  bool is_warming() const { return warmth_.load(std::memory_order_relaxed) == Warmth::kWarming; }
  // Waits until so much is committed, poke() or CLOCK_MONOTONIC's `until_ns`.
  void wait_for_more(uint64_t wanted, int64_t until_ns);

  // --- Any thread ---
  uint64_t committed() const;
  uint64_t entries() const;
  void poke();
  // From now on take() does not wait.
  void stop();
  bool is_drained() const;
  // Lines that are committed and neither out nor lost.
  uint64_t pending() const;

 private:
  Spool() = default;
  bool map(int fd);
  base::Mapping map_twice(size_t at, size_t bytes) const;
  bool map_large(size_t bytes);
  // UINT64_MAX: all is in the small part. Relaxed: a position beyond it is learnt after it, by a
  // lock.
  uint64_t grown_at() const { return grown_at_.load(std::memory_order_relaxed); }
  void set_grown_at(uint64_t position);
  bool can_begin_at(uint64_t position) const;
  char* place(uint64_t position) const {
    return position >= grown_at() ? large_.bytes() + position % data_bytes_
                                  : small_.bytes() + position % kSmallBytes;
  }
  bool is_grown() const { return draft_ >= grown_at(); }
  size_t part_bytes() const { return is_grown() ? data_bytes_ : kSmallBytes; }
  size_t room_now() const;
  uint64_t lines_between(uint64_t begin, uint64_t end) const;
  void resume();
  void start_afresh(uint64_t boot);
  uint64_t low_mark() const;
  void punch(uint64_t begin, uint64_t end);
  void populate();
  void pages_are_gone();
  Chunk chunk_of(uint64_t begin, uint64_t end) const;

  base::Fd own_fd_;
  int fd_ = -1;
  base::Mapping head_;
  base::Mapping small_;
  base::Mapping large_;
  base::Mapping ship_;
  base::Mapping heap_;
  size_t data_bytes_ = 0;
  std::atomic<uint64_t> grown_at_{UINT64_MAX};  // set by the drain's thread
  Consumers consumers() const { return consumers_.load(std::memory_order_relaxed); }
  std::atomic<Consumers> consumers_{Consumers::kOutput};  // set by the drain's thread
  Found found_ = Found::kNothing;

  // The drain's.
  uint64_t draft_ = 0;
  CommitState state_;
  bool dirty_ = false;  // the data have pages
  // Pages of a fresh memfd, and those that were given back, are asked for ahead of the lines, many in
  // a call: one by one each is a fault, which where these are dear (virtual machines) costs more than
  // the lines that fill the page, and a million entries a second then find no room in the rings.
  uint64_t populated_ = 0;   // a page's begin: positions below it have pages; UINT64_MAX: all have
  uint64_t gone_since_ = 0;  // from there on pages may be missing, for one lap
  size_t populate_bytes_ = 0;  // of the last call
  enum class Warmth { kCold, kWarming, kWarm };
  std::atomic<Warmth> warmth_{Warmth::kCold};
  std::thread warmer_;
  std::atomic<bool> gave_back_{false};  // set by shipping's thread: pages behind the mark are gone

  // The drain may write where the lines below it were. Behind the mark for as long as it takes to
  // give pages back: never before, since a successor goes on from the mark.
  std::atomic<uint64_t> shipped_{0};

  mutable std::mutex mutex_;
  std::condition_variable more_;
  uint64_t committed_ = 0;  // guarded by mutex_, as is the rest
  uint64_t committed_gaps_ = 0;
  mutable uint64_t gap_hint_ = 0;  // all gaps before it lie below position_
  uint64_t entries_ = 0;
  uint64_t position_ = 0;  // the output's: all below has been taken or given up
  bool waiting_ = false;
  bool stopped_ = false;
  std::condition_variable shipping_more_;
  uint64_t shipping_wants_ = UINT64_MAX;  // not UINT64_MAX only while it waits
  bool poked_ = false;
};

}  // namespace outrigger::keeper
