// Records out of the rings, lines into the spool: steps 5 to 8 of "The life of one log line"
// (docs/ARCHITECTURE.md).
//
// A turn takes a batch, renders it into the spool, commits, and only then gives the room in the
// rings back. What it reads is the reader's affair, what it writes the spool's; here is only the
// order. Belongs to one thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "keeper/recent.h"
#include "keeper/spool.h"
#include "keeper/tick_clock.h"
#include "render/entry.h"
#include "render/made_record.h"
#include "segment/layout.h"
#include "segment/reader.h"

namespace outrigger::keeper {

enum class LineFormat { kJson, kText, kColouredText };

// Which entry of the keeper's own: their keys are apart.
enum class OwnSource : uint32_t { kKeeper = 0, kStdout = 1, kStderr = 2 };

class Drain {
 public:
  Drain(segment::View view, int segment_fd, Spool& spool, Recent& recent, TickClock& clock);

  void set_format(LineFormat format);

  enum class Service { kLives, kEnded };
  enum class Turn {
    kIdle,    // nothing was there
    kLittle,  // a few lines, and that was all, but for the newest
    kWorked,  // there may be more
    kNoRoom,  // the spool is full
  };
  Turn turn(Service service);

  // Entries of the keeper's own: begin one, add its arguments, put it. They are safe after
  // commit(). Precondition of put(): has_room().
  bool has_room() const { return spool_.room() >= 2 * kEntryBytesMax; }
  render::MadeRecord& made() { return made_; }
  void put(OwnSource source, int64_t time_ns, uint64_t gap_calls = 0);
  void commit();

  // Tells drops after which nothing came, and what stdout did not take.
  void tell_drops();
  void tell_lost(const char* why);
  // Tells what never came to CloudWatch: the ledger, reason by reason.
  void tell_ledger(ShipMemory& memory);

  // --- Any thread ---
  segment::DropTotals dropped() const { return reader_.dropped(); }
  // Entries of ERROR or FATAL since the service's start, those of dropped calls included.
  uint64_t errors() const;
  // Times the segment made no sense, in one way or another.
  uint64_t irregularities() const { return irregularities_.load(std::memory_order_relaxed); }

 private:
  // `gap_calls`: the dropped calls that the entry tells of.
  void put_record(const segment::RawRecord& record, int64_t time_ns, uint64_t gap_calls = 0);
  void publish();
  void put_gap(const segment::RawRecord& record);
  void begin_gap(uint64_t count, uint64_t since_ticks, int64_t until_ns);

  Spool& spool_;
  Recent& recent_;
  TickClock& clock_;
  const int64_t started_ns_;  // before any entry
  segment::Reader reader_;
  render::Decoder decoder_;
  render::JsonLines json_;
  render::TextLines text_;
  render::MadeRecord made_;
  LineFormat format_ = LineFormat::kJson;
  int64_t published_ns_ = 0;
  uint64_t looked_at_ = 0;  // ticks at the last turn
  std::atomic<uint64_t> irregularities_{0};
  std::atomic<uint64_t> errors_{0};  // as committed
};

}  // namespace outrigger::keeper
