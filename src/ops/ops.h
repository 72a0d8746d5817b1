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

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/wanted.h"
#include "outrigger/http.h"
#include "outrigger/json.h"
#include "outrigger/result.h"
#include "segment/role.h"

namespace outrigger::ops {

using Parameters = std::vector<std::pair<std::string, std::string>>;

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

// --- The service's own server ------------------------------------------------------------------
// Who asks, as far as it can be known (src/admin/exposure.h says how).
enum class Asker {
  kStranger,
  kInsider,  // may use what is restricted
  kCommand,  // likewise, and came through the Unix socket, as commands do
};

// The views live as long as the handler's call; `token` may be kept for the stream behind it.
struct ServedRequest {
  std::string_view method;  // HEAD arrives as GET
  std::string_view path;    // percent-decoded
  const Parameters& query;  // percent-decoded, in order
  const Headers& headers;   // names as sent
  std::string_view body;
  std::string_view address;  // the client's; empty for a Unix socket
  Asker asker = Asker::kStranger;
  // Stop is requested when the client has hung up, and when the time set by `limit` is over.
  std::stop_token token{};
  const std::function<void(std::chrono::steady_clock::time_point)>& limit;

  // The first header of that name in any case; empty when there is none.
  std::string_view header(std::string_view name) const {
    const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    for (const auto& [own_name, value] : headers) {
      if (std::equal(own_name.begin(), own_name.end(), name.begin(), name.end(),
                     [&](char a, char b) { return fold(a) == fold(b); }))
        return value;
    }
    return {};
  }
};
// Sends a piece of an answer; waits until the client takes it. False when it is gone.
using Send = std::function<bool(std::string_view piece)>;
struct ServedResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
  // An answer in pieces: called once, on a thread of its own, after the handler has returned. While
  // it has sent nothing, what it returns is the answer. Otherwise only that one's body counts, as
  // the last piece, and a status of 400 or more breaks the answer off visibly.
  std::function<ServedResponse(const Send&)> stream{};
};
struct ServeOptions {
  std::vector<std::string> addresses;  // the first is address(); port 0 picks one
  std::vector<int> inherited;          // listening sockets that are there already, taken over
  unsigned threads = 16;
  bool local = false;  // everyone who reaches the port is an insider, web pages of others excepted
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

// --- Asking a service that runs ------------------------------------------------------------------
struct Question {
  std::string service;
  int instance = 0;  // the supervisor's pid; 0: the only one
  std::string method;
  std::string target;  // "/greet?name=Ada"
  std::chrono::milliseconds timeout;
  // The answer's body as it comes, when its status is 200; false ends the exchange.
  std::function<bool(std::string_view piece)> on_body;
};

// A table of functions, valid for the life of the process. All may be called from any thread.
struct Table {
  // Runs the keeper's role; never returns normally, leaves by _exit.
  void (*keeper_main)(const segment::RoleCard& card, int argc, char** argv);
  // Where a service's own server listens besides its port: "unix:@...".
  std::string (*service_socket)(std::string_view service, int supervisor_pid);
  Result<std::unique_ptr<Server>> (*serve)(ServeOptions options);
  Result<http::Response> (*fetch)(const http::Request& request);
  // `card.segment` is used; the admin port is opened only when `with_admin`.
  Result<std::unique_ptr<KeeperThread>> (*keeper_thread)(const segment::RoleCard& card,
                                                         bool with_admin);
  // Asks the operations of a running service of this user (else of any) on this machine.
  Result<http::Response> (*ask)(const Question& question);
  Result<Json> (*parse_json)(std::string_view text);
  // What discovery finds for a service that declares itself like this (JSON), asked by this very
  // process: for commands. Returns segment::encode() of the answer.
  Result<std::string> (*discover)(std::string_view declarations, std::chrono::milliseconds budget);
  // `prober health [URL]`: prints, returns the exit code.
  int (*health_command)(std::string_view service, int argc, char** argv);
  // `prober profile KIND`: likewise.
  int (*profile_command)(std::string_view service, int argc, char** argv);
  // `prober --as-iam log URL [LEVEL]`: likewise.
  int (*log_command)(std::string_view service, int argc, char** argv);
  // Delivery: each prints, and returns the exit code.
  int (*init)(const delivery::Facts& facts, const delivery::InitWanted& wanted);
  int (*print_template)(const delivery::Facts& facts, const delivery::TemplateWanted& wanted);
  int (*print_user_data)(const delivery::Facts& facts, const delivery::UserDataWanted& wanted);
  int (*push)(const delivery::Facts& facts, const delivery::PushWanted& wanted);
};

// The door, from the program's side: runs the object's constructors once, then gives the table.
// nullptr where the program was linked without the operations object.
const Table* table();

}  // namespace outrigger::ops

extern "C" const outrigger::ops::Table* outrigger_ops();
