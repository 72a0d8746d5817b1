#include "http/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>

#include "base/fd.h"
#include "base/threads.h"

namespace outrigger::http {
namespace {

// getaddrinfo() cannot be told when to stop. So it runs on a thread of its own, which is left
// behind when the time is over and ends by itself; only so many may be left behind at once.
constexpr int kResolversMax = 32;
std::atomic<int> g_resolvers{0};

struct Lookup {
  const base::Fd bell{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // readable once it is done
  std::mutex mutex;
  bool done = false;  // guarded by mutex, as are the two below
  int status = 0;
  std::vector<Endpoint> endpoints;
};

Endpoint endpoint_v4(const in_addr& address, int port) {
  Endpoint made;
  auto& in = reinterpret_cast<sockaddr_in&>(made.storage);
  in.sin_family = AF_INET;
  in.sin_port = htons(static_cast<uint16_t>(port));
  in.sin_addr = address;
  made.size = sizeof in;
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address, text, sizeof text);
  made.host = text;
  made.port = port;
  return made;
}

Endpoint endpoint_v6(const in6_addr& address, uint32_t scope, int port) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    in_addr v4;
    memcpy(&v4, &address.s6_addr[12], sizeof v4);
    return endpoint_v4(v4, port);
  }
  Endpoint made;
  auto& in = reinterpret_cast<sockaddr_in6&>(made.storage);
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(static_cast<uint16_t>(port));
  in.sin6_addr = address;
  in.sin6_scope_id = scope;
  made.size = sizeof in;
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &address, text, sizeof text);
  made.host = text;
  made.port = port;
  return made;
}

std::optional<Endpoint> literal(const std::string& host, int port) {
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return endpoint_v4(v4, port);
  in6_addr v6;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return endpoint_v6(v6, 0, port);
  return {};
}

void look_up(const std::shared_ptr<Lookup>& lookup, const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  std::vector<Endpoint> endpoints;
  for (const addrinfo* one = found; status == 0 && one != nullptr; one = one->ai_next) {
    if (one->ai_family == AF_INET) {
      endpoints.push_back(
          endpoint_v4(reinterpret_cast<sockaddr_in*>(one->ai_addr)->sin_addr, port));
    } else if (one->ai_family == AF_INET6) {
      const auto* in = reinterpret_cast<sockaddr_in6*>(one->ai_addr);
      endpoints.push_back(endpoint_v6(in->sin6_addr, in->sin6_scope_id, port));
    }
  }
  if (status == 0) freeaddrinfo(found);
  --g_resolvers;
  const std::lock_guard lock(lookup->mutex);
  lookup->status = status;
  lookup->endpoints = std::move(endpoints);
  lookup->done = true;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = write(lookup->bell.get(), &one, sizeof one);
}

bool start_look_up(const std::shared_ptr<Lookup>& lookup, const std::string& host, int port) {
  if (++g_resolvers > kResolversMax) {
    --g_resolvers;
    return false;
  }
  try {
    base::start_thread("or-resolve", [lookup, host, port] {
      look_up(lookup, host, port);
    }).detach();  // tidy: detach because getaddrinfo cannot be cut short
    return true;
  } catch (const std::system_error&) {
    --g_resolvers;
    return false;
  }
}

Error unavailable(const std::string& host, std::string_view why) {
  return Error{
      ErrorKind::kUnavailable, "cannot find the address of " + host + ": " + std::string(why), {}};
}

}  // namespace

std::string Endpoint::text() const {
  std::string out;
  const bool v6 = host.find(':') != std::string::npos;
  if (v6) out += '[';
  out += host;
  if (v6) out += ']';
  out += ':';
  return out += std::to_string(port);
}

Result<std::vector<Endpoint>> resolve(const std::string& host, int port, const Deadline& deadline) {
  if (const auto one = literal(host, port)) return std::vector{*one};
  // RFC 6761 wants localhost to be this machine whatever a name server says; an empty chroot has no
  // /etc/hosts.
  if (host == "localhost" || host.ends_with(".localhost")) {
    return std::vector{*literal("127.0.0.1", port), *literal("::1", port)};
  }
  const auto lookup = std::make_shared<Lookup>();
  if (!lookup->bell) return unavailable(host, "no descriptor is left");
  if (!start_look_up(lookup, host, port))
    return unavailable(host, "too many look-ups are under way");
  deadline.wait(lookup->bell.get(), POLLIN);
  const std::lock_guard lock(lookup->mutex);
  if (!lookup->done) {
    return Error{ErrorKind::kTimeout, "finding the address of " + host + " took too long", {}};
  }
  if (lookup->status != 0) return unavailable(host, gai_strerror(lookup->status));
  if (lookup->endpoints.empty()) return unavailable(host, "it has none");
  return std::move(lookup->endpoints);
}

}  // namespace outrigger::http
