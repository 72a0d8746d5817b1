// The services that discovery asks: EC2 and Auto Scaling tags, stack outputs, parameters, secrets,
// Cloud Map, STS. All of them answer from the account's state; lists come in pages.
#pragma once

#include "api.h"
#include "identity.h"

namespace outrigger::emulator {

class Directory {
 public:
  Directory(Account& account, Clock& clock, Violations& violations, Identity& identity)
      : account_(account), clock_(clock), violations_(violations), identity_(identity) {}

  Answer answer(const Call& call);

 private:
  Answer ec2_tags(const Call& call);
  Answer auto_scaling_tags(const Call& call);
  Answer auto_scaling_instances(const Call& call);
  Answer caller_identity(const Call& call);
  Answer web_identity(const Call& call);
  Answer parameter(const Call& call, const json::object& in);
  Answer parameters(const Call& call, const json::object& in);
  Answer parameters_by_path(const Call& call, const json::object& in);
  Answer secret(const Call& call, const json::object& in);
  Answer discover(const Call& call, const json::object& in);

  json::value parameter_of(const std::string& name, bool decrypted) const;
  size_t page_size() const { return static_cast<size_t>(account_.number({"page_size"}, 100)); }

  Account& account_;
  Clock& clock_;
  Violations& violations_;
  Identity& identity_;
};

}  // namespace outrigger::emulator
