// What the keeper must know of the service, written once into the segment as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "segment/layout.h"
#include "service/environment.h"
#include "service/options.h"
#include "service/parts.h"
#include "service/settings.h"

namespace outrigger::service {

enum class Manner { kOwnMain, kAdopted, kCommand };

struct Declared {
  const internal::ServiceParts& parts;
  const RunOptions& options;
  const Environment& environment;
  const std::vector<ResolvedSetting>& settings;
  Manner manner;
};

// Where log entries go: as asked for, else by the environment; from a command where they do not mix
// with its result.
std::string logs_of(const Declared& declared);
// Where the admin port is: as asked for, else by the environment.
std::string admin_of(const Declared& declared);

Json declarations_json(const Declared& declared);

// False when it does not fit into its share of the segment.
bool publish(segment::View view, const Json& declarations);

}  // namespace outrigger::service
