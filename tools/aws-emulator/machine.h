// What a machine or container is told about itself, over plain HTTP and unsigned: the instance
// metadata service (version 2 alone), container credentials, the ECS task metadata.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "api.h"
#include "identity.h"

namespace outrigger::emulator {

class Machine {
 public:
  Machine(Account& account, Clock& clock, Violations& violations, Identity& identity)
      : account_(account), clock_(clock), violations_(violations), identity_(identity) {}

  // True for the paths that belong here.
  static bool owns(std::string_view path);
  static std::string service_of(std::string_view path);  // "imds", "containers" or "task"
  Answer answer(const Call& call);
  json::object report() const;

 private:
  Answer token(const Call& call);
  Answer metadata(const Call& call);
  Answer container_credentials(const Call& call);
  Answer task(const Call& call);
  Answer keys_answer(const Keys& keys) const;

  Account& account_;
  Clock& clock_;
  Violations& violations_;
  Identity& identity_;
  mutable std::mutex mutex_;
  std::map<std::string, int64_t> tokens_;  // guarded by mutex_: IMDS token -> expiry, ms
  uint64_t token_requests_ = 0;            // likewise
  uint64_t gets_ = 0;                      // likewise
};

}  // namespace outrigger::emulator
