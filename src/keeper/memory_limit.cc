#include "keeper/memory_limit.h"

#include <algorithm>
#include <cstdint>

#include "keeper/spool.h"
#include "system/memory.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kBoundMax = 64u << 20;
constexpr size_t kBoundMin = 12u << 20;
// Batches that are on their way: as lines while they come out of the backlog, then as bodies.
constexpr size_t kPutsBytes = 6u << 20;

}  // namespace

size_t memory_limit_bytes() {
  const auto limit = system::read_memory({}).limit_bytes;
  return limit ? static_cast<size_t>(*limit) : SIZE_MAX;
}

ShippingMemory shipping_memory_for(size_t limit_bytes) {
  const size_t bound = std::clamp(limit_bytes / 10, kBoundMin, kBoundMax);
  const size_t spool = bound < 3 * kSpoolDataMax ? kSpoolDataBytes : kSpoolDataMax;
  const size_t others = std::min(spool + kPutsBytes, bound / 4 * 3);
  return {spool, std::min(bound - others, kCells * kCellBytes)};
}

}  // namespace outrigger::keeper
