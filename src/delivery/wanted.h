// What the commands of delivery (init, template, user-data, push, image) are told, through the door
// (ops/ops.h): the service as it declares itself, and what was asked for. Plain types of std.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/init.h"

namespace outrigger::delivery {

// The service, from its declaration.
struct Facts {
  std::string name;
  std::string about;
  std::string version;
  std::string listen;  // "0.0.0.0:8080"; "" when the service opens no port through run()
  std::string admin;   // "0.0.0.0:8081"
  std::string log_group_output;
  std::chrono::milliseconds stop_budget{25'000};
  UnitOptions unit{};
  std::vector<internal::InitStep> steps{};
};

struct InitWanted {
  enum class What { kInstall, kPrint, kDryRun, kUninstall };
  enum class Progress { kText, kJson };
  What what = What::kInstall;
  Progress progress = Progress::kText;
  bool force = false;
  std::string root;         // "": this machine
  std::string init_system;  // "systemd", "upstart"; "": the one that is there
  std::string prefix = "/opt";
  std::chrono::milliseconds timeout{60'000};
  std::vector<std::string> run_words{};  // for the service, behind "run"
};

// What does not count for a stop: every manifest allows the budget and this.
inline constexpr std::chrono::seconds kStopMargin{3};

}  // namespace outrigger::delivery
