// What a service wants to know about its settings: read from its declarations. Value types.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/setting.h"

namespace outrigger::discovery {

struct HardCoded {
  std::optional<std::string> in_local;
  std::optional<std::string> in_staging;
  std::optional<std::string> in_production;
  std::optional<std::string> otherwise;
};

struct WantedSetting {
  std::string name;
  bool secret = false;
  // Each "" where the setting names none.
  std::string parameter;   // Parameter Store: "/orders/table"
  std::string secret_id;   // Secrets Manager: "orders/db", or "orders/db#password" of a JSON text
  std::string variable;    // of the environment
  std::string cloud_map;   // "namespace/service"
  std::string consul;      // a service's name
  std::string srv;         // "_orders._tcp.example.com"
  int64_t refresh_ms = 0;  // of the locators, while the service runs; 0: never again
  HardCoded hard_coded;
};

struct Wanted {
  std::string service;
  std::string environment;  // as given or guessed
  std::string environment_why;
  bool environment_given = false;  // by --environment: nothing else is asked for it
  std::string stack;               // CloudFormation's, by --stack; "": as the instance's tags tell
  bool ships_logs = false;         // to CloudWatch Logs
  bool posts_metrics = false;      // to CloudWatch
  std::string log_group_output;    // the stack's output that names the log group; "": none does
  std::string profiles_bucket_output;  // likewise, the bucket of heap profiles
  std::string certificate_secret;      // the secret with the admin port's certificate; "": none
  std::vector<WantedSetting> settings;
};

// The service's declarations (JSON). Any bytes; none when they are none.
std::optional<Wanted> parse_wanted(std::string_view declarations);

// IAM's actions that shipping its logs and posting its metrics takes: what is missing is created.
std::set<std::string> shipping_actions(const Wanted& wanted);
// All that a service with these declarations may need in AWS, wherever it will run: for a policy
// that is written before it does.
std::set<std::string> possible_actions(const Wanted& wanted);

}  // namespace outrigger::discovery
