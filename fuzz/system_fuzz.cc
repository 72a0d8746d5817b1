// Whatever /proc and the control groups may say: nothing is trusted, nothing breaks.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "system/cgroup.h"
#include "system/cpu.h"
#include "system/disk.h"
#include "system/memory.h"
#include "system/network.h"
#include "system/process.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrigger::system;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Cgroup::Version version;
  const std::string path = cgroup_path(text, "memory", version);
  if (path.find("/..") != std::string::npos || (!path.empty() && path.front() != '/')) abort();
  Cpu cpu;
  read_stat(text, cpu);
  (void)quota_of(text);
  Memory memory;
  read_meminfo(text, memory);
  if (memory.host_used_bytes && !(*memory.host_used_bytes <= *memory.host_bytes)) abort();
  Disk disk;
  add_io_stat(text, disk);
  add_blkio(text, disk);
  add_diskstats(
      text, [](const Places&, std::string_view) { return true; }, {}, disk);
  (void)parse_net_dev(text);
  char state = 0;
  for (const double each : parse_stat(text, state))
    if (!std::isfinite(each)) abort();
  (void)pressure_us(text);
  return 0;
}
