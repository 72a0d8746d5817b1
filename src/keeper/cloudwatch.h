// CloudWatch Logs as a destination: finds region and credentials as every AWS SDK does, creates the
// log group (with a retention) and the stream when they are missing.
#pragma once

#include <memory>
#include <string>

#include "keeper/destination.h"

namespace outrigger::keeper {

struct CloudWatchNames {
  std::string group;   // "/outrigger/prober/production"
  std::string stream;  // "ip-10-0-0-10/2026-11-24T01-42-32.123Z"
};

// The names where nothing else is known. What CloudWatch does not take in a name becomes a dash.
// `started_ns`: of the run, so that a keeper's successor finds the same stream.
CloudWatchNames default_names(const std::string& service, const std::string& environment,
                              const std::string& instance, int64_t started_ns);

// Days that a group of our own making keeps its entries; one that is there keeps what it has.
inline constexpr int kRetentionDays = 30;

std::unique_ptr<Destination> cloudwatch(CloudWatchNames names);

}  // namespace outrigger::keeper
