// CloudWatch Logs as a destination: with the region and credentials that discovery found, to the
// group and stream that it found; creates the group (with a retention) and the stream when they are
// missing.
#pragma once

#include <memory>
#include <string>

#include "discovery/access.h"
#include "keeper/destination.h"
#include "keeper/settings.h"

namespace outrigger::keeper {

// What the names of group and stream are made of (discovery/log_place.h).
struct CloudWatchSource {
  std::string service;
  std::string environment;  // unless discovery knows better
  std::string instance;     // likewise
  int64_t started_ns = 0;
};

// `settings`, which must outlive it, may be null: nobody looks for any.
std::unique_ptr<Destination> cloudwatch(CloudWatchSource source,
                                        std::shared_ptr<discovery::Access> access,
                                        const Settings* settings);

}  // namespace outrigger::keeper
