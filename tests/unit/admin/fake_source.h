// A source of the admin pages' values that the test sets, and that notes what it was asked to do.
#pragma once

#include "admin/source.h"

namespace outrigger::admin {

class FakeSource final : public Source {
 public:
  bool is_local = true;
  HealthReport report;
  Liveness life{ProcessState::kRunning, true};
  LevelReport levels;
  std::optional<std::chrono::seconds> asked_lasting;
  int levels_set = 0;

  bool local() override { return is_local; }
  HealthReport health() override { return report; }
  Liveness liveness() override { return life; }
  VersionReport version() override { return {"1.1.ab41cd0", "ab41cd0", "2026-11-24T02:05:23Z"}; }
  std::vector<Metric> metrics() override {
    return {{.name = "Probes", .help = "", .kind = MetricKind::kCounter, .labels = {}, .value = 3}};
  }
  ConfigReport config() override {
    return {.environment = "local",
            .environment_why = "no sign of anything else",
            .settings = {{"Greeting", "Hi", "default", false}}};
  }
  Result<LevelReport> level(std::string_view module) override {
    if (!module.empty()) return no_module(module);
    return levels;
  }
  Result<LevelReport> set_level(std::string_view module, Level level,
                                std::optional<std::chrono::seconds> lasting) override {
    if (!module.empty()) return no_module(module);
    ++levels_set;
    levels.level = level;
    asked_lasting = lasting;
    return levels;
  }

 private:
  static Error no_module(std::string_view module) {
    return {ErrorKind::kNotFound, "module " + std::string(module) + " is not known", "module"};
  }
};

}  // namespace outrigger::admin
