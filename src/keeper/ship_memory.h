// What the shipping of logs has to know beyond the death of a keeper: the part of the spool's memfd
// (spool.h) that lies behind the lines.
//
//   kShipAt    ShipMemory: how far CloudWatch has it, puts that came back out of turn, the backlog's
//              table, the ledger, counts
//   kCellsAt   kCells cells of the backlog's compressed lines
//
// `mark` is the one store that counts: all lines of the spool below it are settled, that is taken by
// CloudWatch, kept in the backlog, printed, or in the ledger. A block of the backlog whose `end` is
// not below the mark was being written when its keeper died; its lines are still in the spool.
//
// Written by the shipping thread; others read counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "segment/layout.h"

namespace outrigger::keeper {

inline constexpr size_t kShipHeadBytes = 1u << 20;
inline constexpr size_t kCellBytes = 4096;  // a page: what is free is given back
inline constexpr size_t kCells = 14'336;    // 56 MiB
inline constexpr size_t kBlocksMax = 4096;
inline constexpr uint32_t kNoCell = UINT32_MAX;
inline constexpr size_t kPutsMax = 4;  // under way at once
inline constexpr size_t kSettledMax = 16;

// Why entries never came to CloudWatch.
enum class Loss : uint32_t { kNoRoom, kTooOld, kTooNew, kExpired, kInvalid };
inline constexpr size_t kLosses = 5;

struct Block {
  std::atomic<uint32_t> used;  // 1: valid, if `end` is not above the mark
  uint32_t level;              // the highest in it, by which it is given up
  uint32_t attempted;          // 1: a batch that was sent already; goes again as it is
  uint32_t first_cell;
  uint64_t begin;  // the spool's positions that it came from
  uint64_t end;
  uint32_t packed_bytes;
  uint32_t bytes;
  uint64_t lines;
  uint64_t calls[segment::kLevels];
  int64_t from_ms;
  int64_t to_ms;
};

// A put that CloudWatch has acknowledged while an older one is still under way.
struct SettledRange {
  std::atomic<uint64_t> begin;
  std::atomic<uint64_t> end;  // 0: none
};

struct LedgerPage {
  std::atomic<uint64_t> calls[segment::kLevels];  // of all time
  std::atomic<int64_t> from_ms;                   // of what was not told yet; 0: nothing
  std::atomic<int64_t> to_ms;
};

struct ShipMemory {
  std::atomic<uint64_t> mark;
  std::atomic<uint64_t> began;  // 1: shipping goes on from the mark; 0: from where the spool begins
  SettledRange settled[kSettledMax];
  LedgerPage ledger[kLosses];
  std::atomic<uint64_t> delivered;      // lines that CloudWatch took
  std::atomic<uint64_t> printed;        // lines that went to stdout instead
  std::atomic<uint64_t> dropped_lines;  // lines that the ledger counts
  std::atomic<uint64_t> puts;
  std::atomic<uint64_t> retries;
  Block blocks[kBlocksMax];
  uint32_t next_cell[kCells];
};
static_assert(sizeof(ShipMemory) <= kShipHeadBytes);

}  // namespace outrigger::keeper
