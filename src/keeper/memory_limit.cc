#include "keeper/memory_limit.h"

#include <fcntl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/fd.h"
#include "keeper/spool.h"

namespace outrigger::keeper {
namespace {

constexpr size_t kBoundMax = 64u << 20;
constexpr size_t kBoundMin = 12u << 20;
// Batches that are on their way: as lines while they come out of the backlog, then as bodies.
constexpr size_t kPutsBytes = 6u << 20;

// SIZE_MAX where there is none ("max"), or no such file.
size_t limit_in(const char* path) {
  const base::Fd fd(open(path, O_RDONLY | O_CLOEXEC));
  char text[32];
  const ssize_t size = fd ? read(fd.get(), text, sizeof text) : 0;
  uint64_t value = 0;
  if (size <= 0 || std::from_chars(text, text + size, value).ec != std::errc()) return SIZE_MAX;
  return value;
}

}  // namespace

size_t memory_limit_bytes() {
  struct sysinfo info;
  size_t limit = SIZE_MAX;
  if (sysinfo(&info) == 0) limit = static_cast<size_t>(info.totalram) * info.mem_unit;
  return std::min({limit, limit_in("/sys/fs/cgroup/memory.max"),
                   limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes")});
}

ShippingMemory shipping_memory_for(size_t limit_bytes) {
  const size_t bound = std::clamp(limit_bytes / 10, kBoundMin, kBoundMax);
  const size_t spool = bound < 3 * kSpoolDataMax ? kSpoolDataBytes : kSpoolDataMax;
  const size_t others = std::min(spool + kPutsBytes, bound / 4 * 3);
  return {spool, std::min(bound - others, kCells * kCellBytes)};
}

}  // namespace outrigger::keeper
