// What a Service declared: filled in before run(), read-only while serving (checks excepted, see
// service.cc).
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "outrigger/service.h"

namespace outrigger::health {
class Runner;
}

namespace outrigger::internal {

struct CheckInfo {
  std::string name;
  CheckOptions options;
  std::function<CheckResult()> function;
};

struct ServiceParts {
  ServiceOptions options;
  std::vector<OperationInfo> operations;
  std::vector<OptionInfo> run_options;
  std::vector<SettingInfo> settings;
  std::vector<CheckInfo> checks;
  std::deque<AlarmInfo> alarms;  // their builders refer to them
  metrics::SystemOptions system;
  std::vector<StartHook> start_hooks;
  std::vector<DrainHook> drain_hooks;
  std::vector<StopHook> stop_hooks;
  std::vector<InitStep> init_steps;
  UnitOptions unit;
  health::Runner* runner = nullptr;  // while serving; then checks go there
};

}  // namespace outrigger::internal
