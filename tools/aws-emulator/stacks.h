// CloudFormation, as far as it is asked: a stack's outputs and parameters, signals, and updates whose
// course the account tells beforehand.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "api.h"

namespace outrigger::emulator {

class Stacks {
 public:
  Stacks(Account& account, Clock& clock, Violations& violations)
      : account_(account), clock_(clock), violations_(violations) {}

  Answer answer(const Call& call);
  // What instances have told, in order.
  json::array signals() const;
  // The parameters that updates were asked for: {"probers": [{"FileSha256": "…"}]}.
  json::object updates() const;

 private:
  Answer describe(const Call& call);
  Answer update(const Call& call);
  Answer events(const Call& call);
  Answer signal(const Call& call);

  // An update under way shows one event more each time that they are asked for.
  struct Update {
    json::array asked{};
    size_t shown = 0;
    bool begun = false;
  };
  std::string member_of(const std::string& name, const json::value& outputs) const;
  json::array script_of(const std::string& name) const;

  Account& account_;
  Clock& clock_;
  Violations& violations_;
  mutable std::mutex mutex_;
  json::array signals_;                    // guarded by mutex_
  std::map<std::string, Update> updates_;  // likewise
};

}  // namespace outrigger::emulator
