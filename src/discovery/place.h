// Where the program runs: told by signs in its environment first, and only where they say that
// there may be an answer, by the metadata services. Within kPlaceBudget even where those swallow
// packets.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "aws/imds.h"
#include "aws/variables.h"
#include "http/pool.h"

namespace outrigger::discovery {

inline constexpr std::chrono::milliseconds kPlaceBudget{1'500};

enum class Platform { kEc2, kEcs, kKubernetes, kElsewhere };
std::string_view name_of(Platform platform);

struct Place {
  Platform platform = Platform::kElsewhere;
  std::string region;  // "" where nothing tells
  std::string zone;    // "eu-west-1a"
  std::string account;
  std::string instance;            // "i-…": also of the node, in Kubernetes
  std::string task;                // ECS: the last part of its ARN
  std::string family;              // ECS: the task definition's
  std::string cluster;             // ECS
  std::string pod;                 // Kubernetes
  std::vector<std::string> notes;  // what could not be asked, and why

  // What logs and pages call this one of many: the task, the pod, the instance, else the host.
  std::string name() const;
};

// The signs alone; nothing is asked.
struct Signs {
  bool kubernetes = false;
  bool ecs = false;
  bool ec2 = false;        // the machine's firmware, or a variable, says so
  bool maybe_ec2 = false;  // a pod whose firmware says nothing: its node may be an instance
};
// `vendor`: base::machine_vendor().
Signs signs_of(const aws::Variables& variables, std::string_view vendor);

Place find_place(const aws::Variables& variables, const Signs& signs, aws::Imds& imds,
                 http::Pool& pool, const http::Cancel* cancel);

}  // namespace outrigger::discovery
