// Lines that wait for CloudWatch to be there again: compressed, in memory that outlives the keeper,
// within a bound. What does not fit pushes the oldest block of the lowest level out; whoever calls
// counts it.
//
// Blocks hold lines of one level, in the order in which they came; but a batch that was sent already
// stays together, since its answer may have been lost. Belongs to the shipping thread.
#pragma once

#include <libdeflate.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keeper/batch.h"
#include "keeper/ship_memory.h"

namespace outrigger::keeper {

class Backlog {
 public:
  // `cells` are kCells * kCellBytes, mapped; `give_back` returns the pages of such a range.
  // `bytes_max` is the bound of what is used of them.
  Backlog(ShipMemory& memory, char* cells, size_t bytes_max,
          std::function<void(size_t begin, size_t bytes)> give_back);
  // Takes over what a predecessor left, as far as it lies below the mark.
  void resume(uint64_t mark);

  enum class Kind { kByLevel, kAttempted };
  // Puts whole lines away; they came from these positions of the spool. They count once the mark
  // has moved to `end`. What had to go for them is added to `pushed_out`, those of them that could
  // not be kept to `not_kept`. Returns the blocks.
  std::vector<uint32_t> put(std::string_view lines, uint64_t begin, uint64_t end, Kind kind,
                            Tally& pushed_out, Tally& not_kept);

  // Blocks that are being sent are neither given up nor offered.
  void set_busy(uint32_t block, bool busy) { busy_[block] = busy; }
  void free(uint32_t block);
  // The oldest blocks of one level that make up a batch together, at least one; nothing when there
  // is none. Their lines are appended to `lines`.
  std::vector<uint32_t> next_batch(const BatchLimits& limits, std::string& lines);
  // Oldest first, whatever their level.
  std::vector<uint32_t> all() const;
  bool unpack(uint32_t block, std::string& lines) const;
  const Block& block(uint32_t index) const { return memory_.blocks[index]; }
  Tally tally(uint32_t index) const;

  bool empty() const { return blocks_used_ == 0; }
  size_t used_bytes() const { return cells_used_ * kCellBytes; }

 private:
  struct FreeDecompressor {
    void operator()(libdeflate_decompressor* one) const { libdeflate_free_decompressor(one); }
  };
  void store(std::string_view lines, uint64_t begin, uint64_t end, Kind kind, Tally& pushed_out,
             Tally& not_kept, std::vector<uint32_t>& stored);
  bool make_room(size_t cells, uint32_t level, Tally& lost);
  uint32_t find_free_block();

  ShipMemory& memory_;
  char* const cells_;
  const size_t cells_max_;
  const std::function<void(size_t, size_t)> give_back_;
  std::unique_ptr<Deflater> deflater_;
  mutable std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor_;
  std::vector<bool> cell_used_;
  std::vector<bool> busy_;
  size_t cells_used_ = 0;
  size_t cell_hint_ = 0;
  size_t blocks_used_ = 0;
  uint32_t blocks_end_ = 0;  // no block from there on was ever used: its page need not be touched
};

}  // namespace outrigger::keeper
