#include "http/client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "http/exchange.h"

namespace outrigger::http {

namespace {

Result<Response> fetch_by(const Request& request, const Trust* trust) {
  const auto began = Deadline::Clock::now();
  const Deadline deadline(request.timeout);
  const auto url = parse_url(request.url);
  if (!url) return url.error();
  const auto head = request_head(request, *url, request.body.size(), AfterExchange::kClose);
  if (!head) return head.error();
  auto connection = dial(request, *url, trust, deadline);
  if (!connection) return finish(connection.error(), *url, {}, began);
  Progress progress;
  return finish(exchange(*connection, *head, request.body, request, deadline, progress), *url,
                connection->address, began);
}

}  // namespace

Result<Response> fetch_url(const Request& request) { return fetch_by(request, nullptr); }
Result<Response> fetch_trusting(const Request& request, const Trust& trust) {
  return fetch_by(request, &trust);
}

Result<Response> fetch_unix(std::string_view address, uint32_t uid, const Request& request) {
  const auto began = Deadline::Clock::now();
  const Deadline deadline(request.timeout);
  const auto url = parse_url(request.url);
  if (!url) return url.error();
  const auto head = request_head(request, *url, request.body.size(), AfterExchange::kClose);
  if (!head) return head.error();

  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  const std::string_view name =
      address.starts_with("unix:") ? address.substr(5) : std::string_view();
  if (name.size() < 2 || name.size() >= sizeof un.sun_path) {
    return bad_input("address", address, "unix:/path or unix:@name");
  }
  memcpy(un.sun_path, name.data(), name.size());
  const bool abstract = name[0] == '@';
  if (abstract) un.sun_path[0] = '\0';
  const size_t size = offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1);
  auto fd = connect_to(reinterpret_cast<sockaddr*>(&un), static_cast<socklen_t>(size),
                       std::string(address), deadline);
  if (!fd) return fd.error();
  ucred listener{};
  socklen_t listener_size = sizeof listener;
  if (getsockopt(fd->get(), SOL_SOCKET, SO_PEERCRED, &listener, &listener_size) != 0 ||
      (listener.uid != uid && listener.uid != 0)) {
    return Error{ErrorKind::kRefused, std::string(address) + " belongs to another user", {}};
  }
  ClientConnection connection{std::move(*fd), {}, std::string(address)};
  connection.stream = plain_stream(connection.fd.get());
  Progress progress;
  return finish(exchange(connection, *head, request.body, request, deadline, progress), *url,
                connection.address, began);
}

}  // namespace outrigger::http
