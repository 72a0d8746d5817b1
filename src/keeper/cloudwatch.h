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

struct CloudWatchNames {
  std::string group;   // "/outrigger/prober/production"
  std::string stream;  // "ip-10-0-0-10/2026-11-24T01-42-32.123Z"
};

// What the names are made of; of a run, so that a keeper's successor finds the same stream.
struct CloudWatchSource {
  std::string service;
  std::string environment;  // unless discovery knows better
  std::string instance;     // likewise
  int64_t started_ns = 0;
};

// "/outrigger/<service>/<environment>", unless a stack's output names the group; and
// "<instance>/<start time>". What CloudWatch does not take in a name becomes a dash. `found` may be
// null.
CloudWatchNames names_for(const CloudWatchSource& source, const segment::SettingsAnswer* found);

// Days that a group of our own making keeps its entries; one that is there keeps what it has.
inline constexpr int kRetentionDays = 30;

// `settings`, which must outlive it, may be null: nobody looks for any.
std::unique_ptr<Destination> cloudwatch(CloudWatchSource source,
                                        std::shared_ptr<discovery::Access> access,
                                        const Settings* settings);

}  // namespace outrigger::keeper
