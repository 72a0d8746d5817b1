#include "admin/report.h"

#include <algorithm>

#include "http/message.h"

namespace outrigger::admin {
namespace {

constexpr std::string_view kLevelNames[kLevels] = {"TRACE", "DEBUG", "INFO",
                                                   "WARN",  "ERROR", "FATAL"};

}  // namespace

std::string_view name_of(Status status) {
  switch (status) {
    case Status::kPass: return "pass";
    case Status::kWarn: return "warn";
    case Status::kFail: break;
  }
  return "fail";
}

std::string_view name_of(Level level) {
  return kLevelNames[std::min(static_cast<std::size_t>(level), kLevels - 1)];
}

std::string_view name_of(ProcessState state) {
  switch (state) {
    case ProcessState::kStarting: return "starting";
    case ProcessState::kRunning: return "running";
    case ProcessState::kUnresponsive: return "unresponsive";
    case ProcessState::kDraining: return "draining";
    case ProcessState::kExited: return "exited";
    case ProcessState::kDebugged: break;
  }
  return "debugged";
}

std::optional<Level> level_named(std::string_view name) {
  if (http::same_token(name, "warning")) return Level::kWarn;
  for (std::size_t i = 0; i < kLevels; ++i) {
    if (http::same_token(name, kLevelNames[i])) return static_cast<Level>(i);
  }
  return {};
}

bool alive(const Liveness& liveness) {
  return liveness.state != ProcessState::kUnresponsive && liveness.state != ProcessState::kExited;
}

Status overall(const HealthReport& report) {
  if (!alive({report.process.state})) return Status::kFail;
  Status status = report.warnings.empty() ? Status::kPass : Status::kWarn;
  for (const CheckReport& check : report.checks) {
    if (check.pending || check.status == Status::kPass) continue;
    if (check.critical && check.status == Status::kFail) return Status::kFail;
    status = Status::kWarn;
  }
  return status;
}

}  // namespace outrigger::admin
