// The one door between the program and the operations object.
//
// Everything that parses bytes from outside (HTTP, TLS, JSON, later XML and DWARF) and every
// library it needs is linked into one relocatable object whose only global symbol is outrigger_ops
// (cmake/OperationsObject.cmake). Its constructors lie in a section of their own and run when the
// first call comes, in whatever role needs them: in the keeper at once, in a service when run()
// opens its port, in a command when it needs a client. A user's own Boost, OpenSSL, fmt never meets
// ours.
//
// Only std types of the program's own standard library cross the door.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/http.h"
#include "outrigger/result.h"
#include "segment/role.h"

namespace outrigger::ops {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// --- The service's own server ------------------------------------------------------------------
struct ServedRequest {
  std::string_view method;
  std::string_view path;  // percent-decoded
  Parameters query;       // percent-decoded, in order
  std::string_view body;
};
struct ServedResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  // for 405
};
struct ServeOptions {
  std::string address;  // "0.0.0.0:8080"; port 0 picks one
  unsigned threads = 4;
  std::function<ServedResponse(const ServedRequest&)> handler;  // called on the pool's threads
  std::function<void()> on_beat;  // called through the pool's own queue, once a second
};
class Server {
 public:
  virtual ~Server() = default;              // stops at once
  virtual std::string address() const = 0;  // as bound, with the real port
  // No new connections; idle ones close; returns when requests under way are answered, or at the
  // deadline.
  virtual void drain(std::chrono::milliseconds deadline) = 0;
};

// --- The keeper as a thread (--in-process, commands) -------------------------------------------
struct KeeperThread {
  virtual ~KeeperThread() = default;  // drains what is committed, flushes, joins
};

// A table of functions, valid for the life of the process. All may be called from any thread.
struct Table {
  // Runs the keeper's role; never returns normally, leaves by _exit.
  void (*keeper_main)(const segment::RoleCard& card, int argc, char** argv);
  Result<std::unique_ptr<Server>> (*serve)(ServeOptions options);
  Result<http::Response> (*fetch)(const http::Request& request);
  // `card.segment` is used; the admin port is opened only when `with_admin`.
  Result<std::unique_ptr<KeeperThread>> (*keeper_thread)(const segment::RoleCard& card,
                                                         bool with_admin);
  // `prober health [URL]`: prints, returns the exit code.
  int (*health_command)(std::string_view service, int argc, char** argv);
};

// The door, from the program's side: runs the object's constructors once, then gives the table.
// nullptr where the program was linked without the operations object.
const Table* table();

}  // namespace outrigger::ops

extern "C" const outrigger::ops::Table* outrigger_ops();
