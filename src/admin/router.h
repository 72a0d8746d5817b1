// The admin port's table of paths: which page answers which path, by what method, to whom.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/source.h"
#include "base/network.h"
#include "http/server.h"
#include "identity/allowance.h"
#include "identity/verifier.h"

namespace outrigger::admin {

struct Access {
  // The user whose Unix-socket clients see private pages everywhere (root always does).
  uint32_t own_uid = 0;
  // Whoever calls from there is an insider (caller.h).
  std::vector<base::Network> networks{};
  // Judges callers from elsewhere that prove who they are; null: nobody can.
  std::shared_ptr<identity::Verifier> verifier{};
  // Requests of strangers from the network: of all, and of one address. A page costs some 50 us.
  identity::Allowance all_strangers{1'000, 4'000};
  identity::Allowance each_stranger{100, 400};
  // Whether they are heard where others may listen: neither TLS nor loopback.
  bool proof_over_plaintext = false;
};

// A request handler for http::ServerOptions. `source` must outlive it.
http::Handler handler(Source& source, Access access);

// Where the keeper of a service listens for `prober health`, as ServerOptions::listen wants it:
// "unix:@outrigger/<uid>/<service>/<supervisor pid>". Characters of `service` that a name cannot
// have become '-'.
std::string socket_address(uint32_t uid, std::string_view service, int supervisor_pid);

}  // namespace outrigger::admin
