#include "admin/report.h"

#include <gtest/gtest.h>

namespace outrigger::admin {
namespace {

HealthReport running() {
  HealthReport report;
  report.process.state = ProcessState::kRunning;
  return report;
}

CheckReport check(Status status, bool critical) {
  CheckReport made;
  made.name = "c";
  made.status = status;
  made.critical = critical;
  return made;
}

TEST(Overall, is_pass_when_nothing_is_wrong) {
  HealthReport report = running();
  EXPECT_EQ(overall(report), Status::kPass);
  report.checks = {check(Status::kPass, true)};
  EXPECT_EQ(overall(report), Status::kPass);
}

TEST(Overall, only_a_critical_check_fails_the_whole) {
  HealthReport report = running();
  report.checks = {check(Status::kFail, false)};
  EXPECT_EQ(overall(report), Status::kWarn);
  report.checks = {check(Status::kWarn, true)};
  EXPECT_EQ(overall(report), Status::kWarn);
  report.checks = {check(Status::kWarn, true), check(Status::kFail, true)};
  EXPECT_EQ(overall(report), Status::kFail);
}

TEST(Overall, a_check_that_has_not_run_does_not_count) {
  HealthReport report = running();
  report.checks = {check(Status::kFail, true)};
  report.checks[0].pending = true;
  EXPECT_EQ(overall(report), Status::kPass);
}

TEST(Overall, a_warning_makes_a_warn) {
  HealthReport report = running();
  report.warnings = {"CloudWatch refuses the logs"};
  EXPECT_EQ(overall(report), Status::kWarn);
}

TEST(Overall, a_process_that_does_not_live_fails_whatever_its_checks_said_last) {
  HealthReport report = running();
  report.checks = {check(Status::kPass, true)};
  for (const auto& [state, expected] : {std::pair(ProcessState::kStarting, Status::kPass),
                                        std::pair(ProcessState::kDraining, Status::kPass),
                                        std::pair(ProcessState::kDebugged, Status::kPass),
                                        std::pair(ProcessState::kUnresponsive, Status::kFail),
                                        std::pair(ProcessState::kExited, Status::kFail)}) {
    report.process.state = state;
    EXPECT_EQ(overall(report), expected) << name_of(state);
  }
}

TEST(LevelNamed, takes_any_case_and_nothing_else) {
  EXPECT_EQ(level_named("debug"), Level::kDebug);
  EXPECT_EQ(level_named("DEBUG"), Level::kDebug);
  EXPECT_EQ(level_named("Warning"), Level::kWarn);
  EXPECT_EQ(level_named("fatal"), Level::kFatal);
  EXPECT_FALSE(level_named(""));
  EXPECT_FALSE(level_named("verbose"));
}

}  // namespace
}  // namespace outrigger::admin
