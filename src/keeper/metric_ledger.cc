#include "keeper/metric_ledger.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "keeper/spool.h"

namespace outrigger::keeper {
namespace {

constexpr uint64_t kMagic = 0x314547444c544d4fULL;  // "OMTLDGE1"

}  // namespace

static_assert(kKeptHeapAt % segment::kPage == 0);
static_assert(kKeptHeapAt + sizeof(pprof::KeptHeap) <= segment::kLedgerAt);
static_assert(sizeof(LedgerHead) <= segment::kPage);
static_assert(sizeof(LedgerEntry) == segment::kLedgerEntryBytes);
static_assert(sizeof(LedgerOctave) == segment::kLedgerOctaveBytes);

MetricLedger::MetricLedger(int fd, Doubtful doubtful) {
  const size_t bytes = segment::ledger_bytes(layout_);
  struct stat status;
  void* memory = MAP_FAILED;
  // The spool comes first; the ledger is what the supervisor added behind it.
  if (fd >= 0 && fstat(fd, &status) == 0 &&
      static_cast<size_t>(status.st_size) >= segment::kLedgerAt + bytes)
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, segment::kLedgerAt);
  if (memory == MAP_FAILED)
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  mapping_ = base::Mapping(memory, bytes);
  head_ = static_cast<LedgerHead*>(memory);
  if (head_->magic.load(std::memory_order_acquire) != kMagic) {
    head_->magic.store(kMagic, std::memory_order_release);
    return;
  }
  auto* const all = reinterpret_cast<LedgerOctave*>(
      mapping_.bytes() + segment::kPage + segment::page_up(layout_.series * sizeof(LedgerEntry)));
  for (size_t i = 0; i < layout_.blocks; ++i) {
    const uint64_t owner = all[i].owner.load(std::memory_order_relaxed);
    if (owner == 0) break;
    octaves_.emplace(owner, i);
  }
  const uint64_t acknowledged = head_->acknowledged.load();
  if (head_->begun.load() <= acknowledged) return;
  // What a predecessor had under way may have been taken, and is sent again. Its number must not
  // come to count with the next ones.
  head_->ambiguous.fetch_add(head_->in_flight_datums, std::memory_order_relaxed);
  if (doubtful == Doubtful::kTaken) {
    head_->acknowledged.store(head_->begun.load());
    return;
  }
  for (uint32_t i = 0; i < layout_.series; ++i)
    if (entry(i).request > acknowledged) entry(i).request = 0;
  for (const auto& [owner, place] : octaves_)
    if (all[place].request > acknowledged) all[place].request = 0;
}

LedgerEntry& MetricLedger::entry(uint32_t series) const {
  return reinterpret_cast<LedgerEntry*>(mapping_.bytes() + segment::kPage)[series];
}

LedgerOctave* MetricLedger::octave(uint32_t series, uint32_t octave, bool make) {
  const uint64_t owner = segment::block_owner(series, octave);
  auto* const all = reinterpret_cast<LedgerOctave*>(
      mapping_.bytes() + segment::kPage + segment::page_up(layout_.series * sizeof(LedgerEntry)));
  if (const auto found = octaves_.find(owner); found != octaves_.end()) return &all[found->second];
  if (!make || octaves_.size() >= layout_.blocks) return nullptr;
  const size_t place = octaves_.size();
  all[place].owner.store(owner, std::memory_order_relaxed);
  octaves_.emplace(owner, place);
  return &all[place];
}

uint64_t MetricLedger::cell(uint32_t series) const {
  const LedgerEntry& one = entry(series);
  return current(one.old, one.new_, one.request);
}

uint64_t MetricLedger::bucket(uint32_t series, uint32_t octave, size_t bucket) const {
  const auto* const one = const_cast<MetricLedger*>(this)->octave(series, octave, false);
  return one == nullptr ? 0 : current(one->old[bucket], one->new_[bucket], one->request);
}

void MetricLedger::begin(uint64_t datums) {
  head_->in_flight_datums = datums;
  // Above all that was begun before: entries of a request that was given up count as they were.
  head_->begun.store(head_->begun.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void MetricLedger::will_be(uint32_t series, uint64_t cell) {
  LedgerEntry& one = entry(series);
  one.old = current(one.old, one.new_, one.request);
  one.request = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  one.new_ = cell;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  one.request = head_->begun.load(std::memory_order_relaxed);
}

void MetricLedger::will_be(const segment::MetricOctave& octave) {
  LedgerOctave* const one = this->octave(octave.series, octave.octave, true);
  if (one == nullptr) return;
  for (size_t b = 0; b < segment::kBlockBuckets; ++b)
    one->old[b] = current(one->old[b], one->new_[b], one->request);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  one->request = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  memcpy(one->new_, octave.counts.data(), sizeof(one->new_));
  std::atomic_signal_fence(std::memory_order_seq_cst);
  one->request = head_->begun.load(std::memory_order_relaxed);
}

void MetricLedger::acknowledge() {
  head_->acknowledged.store(head_->begun.load(std::memory_order_relaxed),
                            std::memory_order_release);
}

}  // namespace outrigger::keeper
