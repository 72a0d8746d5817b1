// The system metrics (outrigger/system_metrics.h) as values: two looks at the machine, and what
// happened between them.
//
// Threads: pure functions and values. A look takes some 30 small files, well below a millisecond.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outrigger/system_metrics.h"
#include "system/cpu.h"
#include "system/disk.h"
#include "system/memory.h"
#include "system/network.h"
#include "system/process.h"

namespace outrigger::system {

struct Subject {
  Places places{};
  int service_pid = 0;
  int keeper_pid = 0;
  std::vector<std::string> mounts{};  // besides the root
};

struct Look {
  int64_t at_ns = 0;  // CLOCK_MONOTONIC
  Cpu cpu{};
  Memory memory{};
  Disk disk{};
  std::optional<Network> network{};
  std::optional<Process> service{};  // none once it has ended
  std::optional<Process> keeper{};
};
Look look(const Subject& subject, int64_t now_ns);

struct Figure {
  metrics::SystemMetric metric;
  std::string mount{};  // empty: of no mount, or of the root
  double value = 0;     // of what is counted: since the look before
  // Of what is counted: since the boot, the start of the process or of the control group.
  std::optional<double> total{};
};

// Without a look before there is nothing that is counted, and no share of a time.
std::vector<Figure> figures(const Look* before, const Look& now);

}  // namespace outrigger::system
