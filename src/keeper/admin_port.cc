#include "keeper/admin_port.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "admin/router.h"
#include "keeper/admin_callers.h"

namespace outrigger::keeper {
namespace {

constexpr std::string_view kUnix = "unix:";

// "unix:@name" of a socket in the abstract namespace, "tcp" of any other, empty when it is none.
std::string kind_of(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family != AF_UNIX) return "tcp";
  const auto& address = reinterpret_cast<const sockaddr_un&>(storage);
  const size_t bytes = size - offsetof(sockaddr_un, sun_path);
  if (bytes < 2 || address.sun_path[0] != '\0') return {};
  return std::string(kUnix) + '@' + std::string(address.sun_path + 1, bytes - 1);
}

}  // namespace

AdminPort::AdminPort(const segment::RoleCard& card, admin::Source& source, Channel& channel,
                     int supervisor_pid)
    : source_(source), channel_(channel), supervisor_pid_(supervisor_pid) {
  const int count = std::clamp(card.listener_count, 0, segment::kListenersMax);
  inherited_.assign(card.listeners, card.listeners + count);
}

// Those of the predecessor's sockets that serve the same purpose; the others are closed.
std::vector<int> AdminPort::take_inherited(bool& has_port, bool& has_name,
                                           const std::string& name) {
  std::vector<int> kept;
  for (const int socket : std::exchange(inherited_, {})) {
    const std::string kind = kind_of(socket);
    bool& has = kind == name ? has_name : has_port;
    if (kind == name || kind == "tcp") {
      has = true;
      kept.push_back(socket);
    } else {
      close(socket);
    }
  }
  return kept;
}

Result<void> AdminPort::open(const Declarations& declarations,
                             const std::shared_ptr<discovery::Access>& access) {
  const std::string name = admin::socket_address(geteuid(), declarations.service, supervisor_pid_);
  const std::string wanted = declarations.admin + ' ' + name +
                             (declarations.admin_networks.empty() ? "" : " networks") +
                             (declarations.admin_roles.empty() ? "" : " roles") +
                             (declarations.admin_certificate.empty() ? "" : " certificate");
  if (server_ != nullptr && wanted == opened_) return {};
  bool has_port = declarations.admin.empty();
  bool has_name = false;
  http::ServerOptions options;
  options.inherited = take_inherited(has_port, has_name, name);
  const size_t inherited = options.inherited.size();
  if (!has_port) options.listen.push_back(declarations.admin);
  if (!has_name) options.listen.push_back(name);
  options.option = "--admin";
  options.thread_name = "or-admin";
  options.handler = admin::handler(source_, admin_access(declarations, access, source_));
  if (certificate_ == nullptr && !declarations.admin_certificate.empty())
    certificate_ = std::make_unique<AdminCertificate>(declarations.admin_certificate, access);
  if (certificate_ != nullptr) options.tls = certificate_->tls();
  // A port that was opened by default makes room for the one that is declared.
  server_.reset();
  auto server = http::Server::start(std::move(options));
  if (!server.ok()) return server.error();
  server_ = std::move(*server);
  opened_ = wanted;
  // Assumed addresses are not worth keeping.
  if (!declarations.declared) return {};
  const auto& listeners = server_->listeners();
  // Those of `listen` come first.
  for (size_t i = 0; i + inherited < listeners.size(); ++i) channel_.hand_over(listeners[i].fd);
  return {};
}

void AdminPort::end(std::chrono::nanoseconds within) {
  if (server_ == nullptr) return;
  server_->drain(std::chrono::duration_cast<std::chrono::milliseconds>(within));
  server_.reset();
  opened_.clear();
}

std::string AdminPort::address() const {
  if (server_ == nullptr) return {};
  for (const http::Listener& listener : server_->listeners())
    if (!listener.is_unix()) return listener.address;
  return {};
}

}  // namespace outrigger::keeper
