#include "admin/pages.h"

namespace outrigger::admin {
namespace {

http::ServerResponse word(bool good, std::string_view text) {
  http::ServerResponse response;
  response.status = good ? 200 : 503;
  response.content_type = "text/plain; charset=utf-8";
  response.body = text;
  response.body += '\n';
  return response;
}

}  // namespace

http::ServerResponse livez(const Liveness& liveness) {
  const bool lives = alive(liveness);
  return word(lives, lives ? "alive" : name_of(liveness.state));
}

http::ServerResponse readyz(const Liveness& liveness) {
  switch (liveness.state) {
    case ProcessState::kRunning:
    case ProcessState::kDebugged:
      return word(liveness.gates_pass, liveness.gates_pass ? "ready" : "failing");
    default: return word(false, name_of(liveness.state));
  }
}

}  // namespace outrigger::admin
