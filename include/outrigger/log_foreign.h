// Entries of other logging libraries, with their own level, file and line. For adapters:
// outrigger/spdlog.h, glog.h and absl.h are made of it.
#pragma once

#include <string_view>

#include "outrigger/log_module.h"

namespace outrigger::log {

struct Foreign {
  Level level = Level::kInfo;
  std::string_view file{};  // empty: the entry has no source
  int line = 0;
  std::string_view text{};         // formatted already; up to 64 KiB are kept
  const Module* module = nullptr;  // its level decides; without one, the service's
};

// Any thread; like a log call it never throws, but takes its slow path. The time is now, the
// thread this one.
void foreign(const Foreign& entry) noexcept;

}  // namespace outrigger::log
