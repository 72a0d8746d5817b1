#include "http/listen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "http/url.h"

namespace outrigger::http {
namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn

// A socket address of any family, with its length.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  template <typename Kind>
  Kind& as() {
    return reinterpret_cast<Kind&>(storage);
  }
};

std::string in_words(int error) {
  std::string text(base::error_text(error));
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

Error cannot_listen(std::string_view address, int error, std::string_view option) {
  std::string message = "cannot listen on ";
  message += address;
  message += ": ";
  message += in_words(error);
  if (error == EADDRINUSE || error == EACCES || error == EADDRNOTAVAIL) {
    message += "; choose another with ";
    message += option;
  }
  return Error{ErrorKind::kUnavailable, std::move(message), std::string(option)};
}

std::string text_of(Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.family() == AF_INET) {
    auto& in = address.as<sockaddr_in>();
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(in.sin_port));
  }
  if (address.family() == AF_INET6) {
    auto& in = address.as<sockaddr_in6>();
    if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {  // a v4 client of a socket for both
      inet_ntop(AF_INET, &in.sin6_addr.s6_addr[12], text, sizeof text);
      return std::string(text) + ":" + std::to_string(ntohs(in.sin6_port));
    }
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    return std::string("[").append(text).append("]:") + std::to_string(ntohs(in.sin6_port));
  }
  if (address.family() == AF_UNIX) {
    auto& un = address.as<sockaddr_un>();
    const size_t size = address.size - offsetof(sockaddr_un, sun_path);
    if (size == 0) return "unix:";
    if (un.sun_path[0] == '\0') return std::string("unix:@").append(un.sun_path + 1, size - 1);
    return std::string("unix:").append(un.sun_path, strnlen(un.sun_path, size));
  }
  return {};
}

std::optional<Address> ip_address(const std::string& host, int port) {
  Address address;
  auto& v4 = address.as<sockaddr_in>();
  if (host.empty() || inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    address.size = sizeof v4;
    return address;
  }
  auto& v6 = address.as<sockaddr_in6>();
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    address.size = sizeof v6;
    return address;
  }
  return {};
}

std::optional<Address> unix_address(std::string_view name) {
  Address address;
  auto& un = address.as<sockaddr_un>();
  if (name.size() < 2 || name.size() >= sizeof un.sun_path) return {};
  un.sun_family = AF_UNIX;
  memcpy(un.sun_path, name.data(), name.size());
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (name[0] == '@') {
    un.sun_path[0] = '\0';
  } else {
    ++address.size;  // a path carries its NUL
  }
  return address;
}

// True when nobody listens at that path any more, so that the file may be taken away.
bool is_stale(Address& address) {
  const base::Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe && connect(probe.get(), address.generic(), address.size) != 0 &&
         errno == ECONNREFUSED;
}

Result<ListeningSocket> bind_and_listen(Address& address, std::string_view text,
                                        std::string_view option) {
  ListeningSocket made;
  made.fd.reset(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made.fd) return cannot_listen(text, errno, option);
  const int on = 1;
  if (address.family() != AF_UNIX) {
    setsockopt(made.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Accepted sockets inherit it: the tail of a long answer does not wait for an acknowledgement.
    setsockopt(made.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  int status = bind(made.fd.get(), address.generic(), address.size);
  const char* path = address.as<sockaddr_un>().sun_path;
  const bool has_path = address.family() == AF_UNIX && path[0] != '\0';
  if (status != 0 && errno == EADDRINUSE && has_path && is_stale(address)) {
    unlink(path);
    status = bind(made.fd.get(), address.generic(), address.size);
  }
  if (status != 0 || listen(made.fd.get(), kBacklog) != 0)
    return cannot_listen(text, errno, option);
  if (has_path) made.unlink_at_end = path;
  Address bound;
  bound.size = sizeof bound.storage;
  getsockname(made.fd.get(), bound.generic(), &bound.size);
  made.address = text_of(bound);
  return made;
}

}  // namespace

Result<std::vector<ListeningSocket>> listen_on(std::string_view text, std::string_view option) {
  const auto one = [&](std::optional<Address> address) -> Result<std::vector<ListeningSocket>> {
    auto made = bind_and_listen(*address, text, option);
    if (!made) return made.error();
    std::vector<ListeningSocket> all;
    all.push_back(std::move(*made));
    return all;
  };
  if (text.starts_with("unix:")) {
    const auto address = unix_address(text.substr(5));
    if (!address)
      return bad_input(option, text, "unix:/path or unix:@name of at most 107 characters");
    return one(address);
  }
  const auto parts = split_host_port(text);
  const bool localhost = parts && parts->host == "localhost";
  const auto address =
      parts ? ip_address(localhost ? "127.0.0.1" : parts->host, parts->port) : std::nullopt;
  if (!address) {
    return bad_input(option, text,
                     "ADDRESS:PORT such as 127.0.0.1:8081, [::1]:8081 or localhost:0");
  }
  auto made = one(address);
  if (!made || !localhost) return made;
  // Some clients try ::1 for localhost first; where that cannot be had, the IPv4 one answers them
  // all the same.
  const int port = split_host_port(made->front().address)->port;
  auto v6 = ip_address("::1", port);
  if (auto second = bind_and_listen(*v6, text, option)) made->push_back(std::move(*second));
  return made;
}

Result<ListeningSocket> adopt_listener(int fd) {
  ListeningSocket taken;
  taken.fd.reset(fd);
  taken.inherited = true;
  int listening = 0;
  int type = 0;
  socklen_t size = sizeof listening;
  socklen_t type_size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || listening == 0 ||
      type != SOCK_STREAM) {
    return failed("descriptor " + std::to_string(fd) +
                  " was handed over but is no listening socket");
  }
  // A keeper that fell may have left it in any mode.
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  Address bound;
  bound.size = sizeof bound.storage;
  getsockname(fd, bound.generic(), &bound.size);
  taken.address = text_of(bound);
  return taken;
}

Peer peer_of(int fd) {
  Peer peer;
  Address address;
  address.size = sizeof address.storage;
  if (getpeername(fd, address.generic(), &address.size) != 0) return peer;
  if (address.family() == AF_UNIX) {
    peer.unix_socket = true;
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
      peer.uid = credentials.uid;
    return peer;
  }
  peer.address = text_of(address);
  peer.loopback = peer.address.starts_with("127.") || peer.address.starts_with("[::1]:");
  return peer;
}

void raise_descriptor_limit(std::size_t wanted) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace outrigger::http
