#include "http/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "http/message.h"
#include "http/message_reader.h"
#include "http/resolve.h"
#include "http/stream.h"
#include "http/url.h"

namespace outrigger::http {
namespace {

constexpr size_t kReadBytes = 16u << 10;

class PlainStream final : public Stream {
 public:
  explicit PlainStream(int fd) : fd_(fd) {}

  Io read(char* bytes, size_t size, size_t& moved) override {
    return outcome(recv(fd_, bytes, size, MSG_DONTWAIT), Io::kWantRead, moved);
  }
  Io write(std::string_view bytes, size_t& moved) override {
    return outcome(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
                   Io::kWantWrite, moved);
  }
  std::string why() const override { return std::string(base::error_text(errno_)); }

 private:
  Io outcome(ssize_t count, Io want, size_t& moved) {
    moved = count > 0 ? static_cast<size_t>(count) : 0;
    if (count > 0) return Io::kDone;
    if (count == 0) return Io::kEnd;
    errno_ = errno;
    return errno_ == EAGAIN || errno_ == EWOULDBLOCK || errno_ == EINTR ? want : Io::kBroken;
  }

  const int fd_;
  int errno_ = 0;
};

Error timed_out(const Request& request, std::string_view during) {
  return Error{ErrorKind::kTimeout,
               "no answer within " + std::to_string(request.timeout.count()) +
                   " ms: the time was over while " + std::string(during),
               {}};
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

// The bytes of the request; an error where a header would be more than a header.
Result<std::string> request_text(const Request& request, const Url& url) {
  if (!is_token(request.method))
    return bad_input("method", request.method, "a word such as GET or POST");
  std::string headers;
  bool own_host = false, own_agent = false, own_accept = false;
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return bad_input("header", name, "a name of letters, digits and dashes");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return bad_input("header", name, "a value of one line");
    }
    if (same_token(name, "Content-Length") || same_token(name, "Transfer-Encoding") ||
        same_token(name, "Connection")) {
      return bad_input("header", name, "a header other than those which follow from the body");
    }
    own_host |= same_token(name, "Host");
    own_agent |= same_token(name, "User-Agent");
    own_accept |= same_token(name, "Accept");
    headers.append(name).append(": ").append(value).append("\r\n");
  }
  std::string text = request.method;
  text.append(" ").append(url.target).append(" HTTP/1.1\r\n");
  if (!own_host) text.append("Host: ").append(url.authority).append("\r\n");
  if (!own_agent) text += "User-Agent: outrigger\r\n";
  if (!own_accept) text += "Accept: */*\r\n";
  text += headers;
  const bool may_have_body = request.method != "GET" && request.method != "HEAD";
  if (may_have_body || !request.body.empty()) {
    text.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  text += "Connection: close\r\n\r\n";
  text += request.body;
  return text;
}

Result<base::Fd> connect_to(const sockaddr* address, socklen_t size, const std::string& name,
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

// Sends all of `text`. A peer that does not want it all may have said why already: that is for the
// reader to see.
std::optional<Error> send_all(Stream& stream, int fd, std::string_view text, const Request& request,
                              const Deadline& deadline) {
  while (!text.empty()) {
    size_t moved = 0;
    switch (const Io outcome = stream.write(text, moved)) {
      case Io::kDone: text.remove_prefix(moved); break;
      case Io::kWantRead:
      case Io::kWantWrite:
        if (!deadline.wait(fd, outcome == Io::kWantRead ? POLLIN : POLLOUT)) {
          return timed_out(request, "sending the request");
        }
        break;
      case Io::kEnd:
      case Io::kBroken: return {};
    }
  }
  return {};
}

Result<Response> receive(Stream& stream, int fd, const Request& request, const Deadline& deadline) {
  ResponseReader reader(request.response_bytes_max, request.method == "HEAD"
                                                        ? ResponseReader::Asked::kHeadOnly
                                                        : ResponseReader::Asked::kWithBody);
  char bytes[kReadBytes];
  std::string waiting;  // came, but was not taken yet
  while (reader.state() != ReadState::kComplete && reader.state() != ReadState::kRejected) {
    if (deadline.left().count() == 0) return timed_out(request, "waiting for the answer");
    size_t moved = 0;
    switch (const Io outcome = stream.read(bytes, sizeof bytes, moved)) {
      case Io::kDone: {
        waiting.append(bytes, moved);
        waiting.erase(0, reader.feed(waiting));
        break;
      }
      case Io::kWantRead:
      case Io::kWantWrite:
        if (!deadline.wait(fd, outcome == Io::kWantRead ? POLLIN : POLLOUT)) {
          return timed_out(request, "waiting for the answer");
        }
        break;
      case Io::kEnd: reader.end(); break;
      case Io::kBroken: return failed("the connection broke: " + stream.why());
    }
  }
  if (reader.state() == ReadState::kRejected) {
    return failed("the answer cannot be used: " + std::string(reader.reject_reason()));
  }
  Response response;
  response.status = reader.status();
  response.headers = reader.take_headers();
  response.body = reader.take_body();
  return response;
}

Result<Response> exchange(Stream& stream, int fd, std::string_view text, const Request& request,
                          const Deadline& deadline) {
  if (const auto error = send_all(stream, fd, text, request, deadline)) return *error;
  return receive(stream, fd, request, deadline);
}

Result<Response> finish(Result<Response> response, const Url& url, std::string address,
                        Deadline::Clock::time_point began) {
  if (!response) {
    Error error = response.error();
    // Scheme and host alone: what stands behind them may be nobody's business in a log.
    const std::string where = (url.tls ? "https://" : "http://") + url.authority;
    error.message = where + ": " + error.message;
    return error;
  }
  response->address = std::move(address);
  response->duration =
      std::chrono::duration_cast<std::chrono::microseconds>(Deadline::Clock::now() - began);
  return response;
}

Result<Response> fetch_from(const Url& url, const std::string& text, const Request& request,
                            const Deadline& deadline, std::string& address) {
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
  auto fd = connect_to_one(*endpoints, deadline, address);
  if (!fd) return fd.error();
  if (!url.tls) {
    PlainStream stream(fd->get());
    return exchange(stream, fd->get(), text, request, deadline);
  }
  auto stream = tls_stream(fd->get(), url, deadline);
  if (!stream) return stream.error();
  return exchange(**stream, fd->get(), text, request, deadline);
}

}  // namespace

Result<Response> fetch_url(const Request& request) {
  const auto began = Deadline::Clock::now();
  const Deadline deadline(request.timeout);
  const auto url = parse_url(request.url);
  if (!url) return url.error();
  const auto text = request_text(request, *url);
  if (!text) return text.error();
  std::string address;
  auto response = fetch_from(*url, *text, request, deadline, address);
  return finish(std::move(response), *url, std::move(address), began);
}

Result<Response> fetch_unix(std::string_view address, uint32_t uid, const Request& request) {
  const auto began = Deadline::Clock::now();
  const Deadline deadline(request.timeout);
  const auto url = parse_url(request.url);
  if (!url) return url.error();
  const auto text = request_text(request, *url);
  if (!text) return text.error();

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
  PlainStream stream(fd->get());
  return finish(exchange(stream, fd->get(), *text, request, deadline), *url, std::string(address),
                began);
}

}  // namespace outrigger::http
