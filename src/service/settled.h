// Settings as commands get them: found by this very process, and shown to people and programs.
#pragma once

#include <string>
#include <vector>

#include "segment/settings_answer.h"
#include "service/options.h"
#include "service/parts.h"
#include "service/settings.h"

namespace outrigger::service {

struct Settled {
  Environment environment;
  std::vector<ResolvedSetting> settings;
  segment::SettingsAnswer answer;  // empty where nobody was asked
};

// Locally nobody is asked.
Settled settle(const internal::ServiceParts& parts, const RunOptions& options);

// `config`, `config --json`.
std::string config_text(const Settled& settled);
std::string config_json(const Settled& settled);

}  // namespace outrigger::service
