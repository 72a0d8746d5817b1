// The admin port's table of paths: which page answers which path, by what method, to whom.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/source.h"
#include "http/server.h"

namespace outrigger::admin {

// A request handler for http::ServerOptions. `source` must outlive it. `own_uid` is the user whose
// Unix-socket clients see private pages everywhere (root always does).
http::Handler handler(Source& source, uint32_t own_uid);

// Where the keeper of a service listens for `prober health`, as ServerOptions::listen wants it:
// "unix:@outrigger/<uid>/<service>/<supervisor pid>". Characters of `service` that a name cannot
// have become '-'.
std::string socket_address(uint32_t uid, std::string_view service, int supervisor_pid);

}  // namespace outrigger::admin
