// Discovery: from a service's declarations to the values of its settings, each with where it came
// from. Blocks its thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "aws/variables.h"
#include "discovery/access.h"
#include "discovery/sources.h"
#include "discovery/wanted.h"
#include "http/cancel.h"
#include "segment/settings_answer.h"

namespace outrigger::discovery {

// With no sign of AWS in the variables or the firmware, AWS is not asked.
segment::SettingsAnswer discover(const Wanted& wanted, Access& access, const http::Cancel* cancel);

// The locators of a setting, asked once more: the first that has addresses. Without any, `note` says
// why.
Located locate_again(const WantedSetting& setting, Access& access, const http::Cancel* cancel);

// --- The pure part -----------------------------------------------------------------------------
// The name of the environment: as given, else tag, group's tag or output "Environment", else as the
// service guessed.
struct NamedEnvironment {
  std::string name;
  std::string why;
};
NamedEnvironment environment_of(const Wanted& wanted, const Gathered& gathered);

// A locator's list, or what holds where it has none: a value `from` a place of higher rank does not
// change while the service runs.
bool may_change(std::string_view from);

// Every place in its rank, down to what is hard-coded for `kind`; the first is the value.
segment::SettingsAnswer::Setting resolve(const WantedSetting& setting, const Gathered& gathered,
                                         const std::vector<Located>& located, EnvironmentKind kind,
                                         const Place& place, const aws::Variables& variables);

}  // namespace outrigger::discovery
