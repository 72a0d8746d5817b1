#include "keeper/backlog.h"

#include <string.h>

#include <algorithm>
#include <utility>

namespace outrigger::keeper {
namespace {

constexpr size_t kBlockBytesMax = 4u << 20;

// Each with its end.
template <typename Do>
void for_each_line(std::string_view lines, Do&& act) {
  while (!lines.empty()) {
    const size_t size = std::min(lines.find('\n'), lines.size() - 1) + 1;
    act(lines.substr(0, size));
    lines.remove_prefix(size);
  }
}

}  // namespace

Backlog::Backlog(ShipMemory& memory, char* cells, size_t bytes_max,
                 std::function<void(size_t, size_t)> give_back)
    : memory_(memory),
      cells_(cells),
      cells_max_(std::min(bytes_max / kCellBytes, kCells)),
      give_back_(std::move(give_back)),
      cell_used_(kCells),
      busy_(kBlocksMax) {}

void Backlog::resume(uint64_t mark) {
  blocks_end_ = kBlocksMax;
  for (Block& block : memory_.blocks) {
    if (block.used.load(std::memory_order_acquire) == 0) continue;
    bool is_whole = block.end <= mark && block.bytes <= kBlockBytesMax;
    std::vector<uint32_t> chain;
    const size_t wanted = (block.packed_bytes + kCellBytes - 1) / kCellBytes;
    for (uint32_t cell = block.first_cell; is_whole && chain.size() < wanted;
         cell = memory_.next_cell[cell]) {
      is_whole = cell < kCells && !cell_used_[cell];
      if (is_whole) chain.push_back(cell);
    }
    if (!is_whole) {
      block.used.store(0, std::memory_order_release);
      continue;
    }
    for (const uint32_t cell : chain) cell_used_[cell] = true;
    cells_used_ += chain.size();
    ++blocks_used_;
  }
}

std::vector<uint32_t> Backlog::put(std::string_view lines, uint64_t begin, uint64_t end, Kind kind,
                                   Tally& pushed_out, Tally& not_kept) {
  std::vector<uint32_t> stored;
  if (kind == Kind::kAttempted) {
    store(lines, begin, end, kind, pushed_out, not_kept, stored);
    return stored;
  }
  // How much is of each level: where all of it is of one, nothing needs to be copied.
  size_t bytes_of[segment::kLevels] = {};
  for_each_line(lines,
                [&](std::string_view line) { bytes_of[level_of_line(line)] += line.size(); });
  // The highest first: it may push out what is lower, and is not pushed out by it.
  for (size_t level = segment::kLevels; level-- > 0;) {
    if (bytes_of[level] == 0) continue;
    if (bytes_of[level] == lines.size()) {
      store(lines, begin, end, kind, pushed_out, not_kept, stored);
      break;
    }
    std::string of_level;
    of_level.reserve(bytes_of[level]);
    for_each_line(lines, [&](std::string_view line) {
      if (level_of_line(line) == level) of_level += line;
    });
    store(of_level, begin, end, kind, pushed_out, not_kept, stored);
  }
  return stored;
}

uint32_t Backlog::find_free_block() {
  for (uint32_t i = 0; i < blocks_end_; ++i) {
    if (memory_.blocks[i].used.load(std::memory_order_relaxed) == 0) return i;
  }
  return blocks_end_ < kBlocksMax ? blocks_end_++ : kBlocksMax;
}

void Backlog::store(std::string_view lines, uint64_t begin, uint64_t end, Kind kind,
                    Tally& pushed_out, Tally& not_kept, std::vector<uint32_t>& stored) {
  const Tally tally = tally_of(lines);
  uint32_t level = 0;
  for (uint32_t i = 0; i < segment::kLevels; ++i) {
    if (tally.calls[i] != 0) level = i;
  }
  if (!deflater_) deflater_ = std::make_unique<Deflater>();
  PackedBytes packed;
  deflater_->begin();
  deflater_->block(lines, packed);
  deflater_->end(packed);
  const size_t packed_bytes = packed.size();
  const size_t cells = (packed_bytes + kCellBytes - 1) / kCellBytes;
  if (!make_room(cells, level, pushed_out)) return not_kept.add(tally);
  const uint32_t index = find_free_block();
  Block& block = memory_.blocks[index];
  uint32_t* link = &block.first_cell;
  for (size_t done = 0; done < packed_bytes; done += kCellBytes) {
    while (cell_used_[cell_hint_]) cell_hint_ = (cell_hint_ + 1) % kCells;
    cell_used_[cell_hint_] = true;
    *link = static_cast<uint32_t>(cell_hint_);
    link = &memory_.next_cell[cell_hint_];
    memcpy(cells_ + cell_hint_ * kCellBytes, packed.text().data() + done,
           std::min(kCellBytes, packed_bytes - done));
  }
  *link = kNoCell;
  cells_used_ += cells;
  ++blocks_used_;
  block.level = level;
  block.attempted = kind == Kind::kAttempted ? 1 : 0;
  block.begin = begin;
  block.end = end;
  block.packed_bytes = static_cast<uint32_t>(packed_bytes);
  block.bytes = static_cast<uint32_t>(lines.size());
  block.lines = tally.lines;
  std::copy(std::begin(tally.calls), std::end(tally.calls), block.calls);
  block.from_ms = tally.from_ms;
  block.to_ms = tally.to_ms;
  busy_[index] = false;
  // Release: pairs with the acquire in resume() of a successor.
  block.used.store(1, std::memory_order_release);
  stored.push_back(index);
}

// Gives up blocks of no higher level than `level`, the lowest and oldest first, until there are so
// many cells and a place in the table.
bool Backlog::make_room(size_t cells, uint32_t level, Tally& lost) {
  if (cells > cells_max_) return false;
  while (cells_used_ + cells > cells_max_ || blocks_used_ == kBlocksMax) {
    uint32_t victim = kBlocksMax;
    for (uint32_t i = 0; i < blocks_end_; ++i) {
      const Block& block = memory_.blocks[i];
      if (block.used.load(std::memory_order_relaxed) == 0 || busy_[i] || block.level > level)
        continue;
      if (victim == kBlocksMax ||
          std::pair(block.level, block.begin) <
              std::pair(memory_.blocks[victim].level, memory_.blocks[victim].begin))
        victim = i;
    }
    if (victim == kBlocksMax) return false;
    lost.add(tally(victim));
    free(victim);
  }
  return true;
}

Tally Backlog::tally(uint32_t index) const {
  const Block& block = memory_.blocks[index];
  Tally tally;
  tally.lines = block.lines;
  std::copy(std::begin(block.calls), std::end(block.calls), tally.calls);
  tally.from_ms = block.from_ms;
  tally.to_ms = block.to_ms;
  return tally;
}

void Backlog::free(uint32_t index) {
  Block& block = memory_.blocks[index];
  block.used.store(0, std::memory_order_release);
  busy_[index] = false;
  --blocks_used_;
  // Cells of one block mostly stand in a row: one call gives a row back.
  size_t run_begin = 0, run_cells = 0;
  size_t left = (block.packed_bytes + kCellBytes - 1) / kCellBytes;
  cells_used_ -= left;
  for (uint32_t cell = block.first_cell; left > 0; --left) {
    cell_used_[cell] = false;
    if (run_cells != 0 && cell == run_begin + run_cells) {
      ++run_cells;
    } else {
      if (run_cells != 0) give_back_(run_begin * kCellBytes, run_cells * kCellBytes);
      run_begin = cell;
      run_cells = 1;
    }
    cell = memory_.next_cell[cell];
  }
  if (run_cells != 0) give_back_(run_begin * kCellBytes, run_cells * kCellBytes);
}

bool Backlog::unpack(uint32_t index, std::string& lines) const {
  const Block& block = memory_.blocks[index];
  std::string packed;
  packed.reserve(block.packed_bytes);
  for (uint32_t cell = block.first_cell; packed.size() < block.packed_bytes;
       cell = memory_.next_cell[cell])
    packed.append(cells_ + cell * kCellBytes,
                  std::min<size_t>(kCellBytes, block.packed_bytes - packed.size()));
  if (!decompressor_) decompressor_.reset(libdeflate_alloc_decompressor());
  if (!decompressor_) return false;
  const size_t before = lines.size();
  lines.resize(before + block.bytes);
  const bool done = libdeflate_deflate_decompress(decompressor_.get(), packed.data(), packed.size(),
                                                  lines.data() + before, block.bytes,
                                                  nullptr) == LIBDEFLATE_SUCCESS;
  if (!done) lines.resize(before);
  return done;
}

std::vector<uint32_t> Backlog::all() const {
  std::vector<uint32_t> indexes;
  for (uint32_t i = 0; i < blocks_end_; ++i) {
    if (memory_.blocks[i].used.load(std::memory_order_relaxed) != 0) indexes.push_back(i);
  }
  std::sort(indexes.begin(), indexes.end(), [&](uint32_t a, uint32_t b) {
    return std::pair(memory_.blocks[a].begin, memory_.blocks[b].level) <
           std::pair(memory_.blocks[b].begin, memory_.blocks[a].level);
  });
  return indexes;
}

std::vector<uint32_t> Backlog::next_batch(const BatchLimits& limits, std::string& lines) {
  std::vector<uint32_t> taken;
  size_t counted = 0;
  uint64_t events = 0;
  int64_t oldest_ms = 0, newest_ms = 0;
  for (const uint32_t index : all()) {
    if (busy_[index]) continue;
    const Block& block = memory_.blocks[index];
    const size_t counts = block.bytes - block.lines + block.lines * limits.event_overhead_bytes;
    if (!taken.empty()) {
      const Block& first = memory_.blocks[taken.front()];
      if (first.attempted != 0) break;
      if (block.level != first.level || block.attempted != 0) continue;
      if (counted + counts > limits.bytes_max || events + block.lines > limits.events_max ||
          std::max(newest_ms, block.to_ms) - std::min(oldest_ms, block.from_ms) >
              limits.span_ms_max)
        break;
    }
    oldest_ms = taken.empty() ? block.from_ms : std::min(oldest_ms, block.from_ms);
    newest_ms = std::max(newest_ms, block.to_ms);
    counted += counts;
    events += block.lines;
    taken.push_back(index);
  }
  for (const uint32_t index : taken) unpack(index, lines);
  return taken;
}

}  // namespace outrigger::keeper
