#include "http/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "base/text.h"
#include "http/resolve.h"
#include "http/trust.h"

namespace outrigger::http {
namespace {

// One after another, each with its share of the time; the last one's error stands for all.
Result<base::Fd> connect_to_one(const std::vector<Endpoint>& endpoints, const Deadline& deadline,
                                std::string& connected_to) {
  std::optional<Error> last;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const Endpoint& endpoint = endpoints[i];
    const Deadline share = deadline.share(endpoints.size() - i);
    auto fd = connect_to(endpoint.generic(), endpoint.size, endpoint.text(), share);
    if (fd) {
      const int on = 1;
      setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connected_to = endpoint.text();
      return fd;
    }
    last = fd.error();
    if (deadline.left().count() == 0) break;
  }
  return *last;
}

Result<std::unique_ptr<Stream>> secure(int fd, const Url& url, const Trust* trust,
                                       const Deadline& deadline) {
  if (trust != nullptr) return tls_stream(fd, url, *trust, deadline);
  const auto system = Trust::of_system();
  if (!system) return system.error();
  return tls_stream(fd, url, **system, deadline);
}

}  // namespace

Error timed_out(const Request& request, std::string_view during) {
  return Error{ErrorKind::kTimeout,
               "no answer within " + std::to_string(request.timeout.count()) +
                   " ms: the time was over while " + std::string(during),
               {}};
}

Result<base::Fd> connect_to(const sockaddr* address, unsigned size, const std::string& name,
                            const Deadline& deadline) {
  base::Fd fd(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  int error = 0;
  if (!fd) {
    error = errno;
  } else if (connect(fd.get(), address, size) != 0) {
    error = errno;
    if (error == EINPROGRESS || error == EINTR) {
      if (!deadline.wait(fd.get(), POLLOUT)) error = ETIMEDOUT;
      socklen_t error_size = sizeof error;
      if (error != ETIMEDOUT) getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    }
  }
  if (error != 0) {
    return Error{error == ETIMEDOUT ? ErrorKind::kTimeout : ErrorKind::kUnavailable,
                 "cannot connect to " + name + ": " + std::string(base::error_text(error)),
                 {}};
  }
  return fd;
}

Result<ClientConnection> dial(const Request& request, const Url& url, const Trust* trust,
                              const Deadline& deadline) {
  auto endpoints = resolve(url.host, url.port, deadline);
  if (!endpoints) {
    if (endpoints.error().kind == ErrorKind::kTimeout)
      return timed_out(request, "looking up the name");
    return endpoints.error();
  }
  if (request.allow) {
    const std::string first = endpoints->front().text();
    std::erase_if(*endpoints,
                  [&](const Endpoint& one) { return !request.allow(one.host, one.port); });
    if (endpoints->empty()) {
      return Error{ErrorKind::kRefused, "connections to " + first + " are not allowed", "url"};
    }
  }
  ClientConnection made;
  auto fd = connect_to_one(*endpoints, deadline, made.address);
  if (!fd) return fd.error();
  made.fd = std::move(*fd);
  if (!url.tls) {
    made.stream = plain_stream(made.fd.get());
    return made;
  }
  auto stream = secure(made.fd.get(), url, trust, deadline);
  if (!stream) return stream.error();
  made.stream = std::move(*stream);
  return made;
}

}  // namespace outrigger::http
