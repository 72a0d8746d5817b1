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
  std::string profiles_bucket_output{};
  std::chrono::milliseconds stop_budget{25'000};
  UnitOptions unit{};
  std::vector<internal::InitStep> steps{};
  // As it would declare itself to its keeper in production in AWS: JSON.
  std::string declarations;
  // service::alarms_json(), for a stack that has a parameter `Environment`: JSON.
  std::string alarms;
  // service::bill_text(): what CloudWatch charges, a sentence.
  std::string bill{};
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
  std::string boot_log;  // a file that is sent to CloudWatch Logs at the end; "": none
  std::string signal;    // "STACK/RESOURCE" that CloudFormation is told of the end; "": nobody is
  std::vector<std::string> run_words{};  // for the service, behind "run"
};

struct TemplateWanted {
  enum class Platform { kEc2, kEcs, kKubernetes, kImage };
  enum class Format { kYaml, kJson };
  Platform platform = Platform::kEc2;
  Format format = Format::kYaml;
  bool policy = false;  // the service's policy alone
  std::string image;    // of containers: "registry.example.com/prober:1.1.ab41cd0"
  std::vector<std::string> run_words{};
};

// "" of version and sha256: this file's own.
struct UserDataWanted {
  std::string version{};
  std::string sha256{};
  std::string bucket{};    // "": outrigger-ACCOUNT-REGION
  std::string stack{};     // "": nobody is told how it ended
  std::string resource{};  // the logical id of the group of instances in that stack
  std::vector<std::string> run_words{};
};

struct PushWanted {
  InitWanted::Progress progress = InitWanted::Progress::kText;
  std::string bucket;      // "": outrigger-ACCOUNT-REGION
  std::string debug_file;  // "": ../debug/SERVICE.debug beside this file, where it is
  std::string to_stack;    // that is updated to this version; "": none
  bool allow_changes = false;
};

// What does not count for a stop: every manifest allows the budget and this.
inline constexpr std::chrono::seconds kStopMargin{3};

}  // namespace outrigger::delivery
