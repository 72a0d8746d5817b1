#include "http/exchange.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "http/message.h"
#include "http/message_reader.h"

namespace outrigger::http {
namespace {

constexpr size_t kReadBytes = 16u << 10;

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

// Sends all of `text`, and takes away from it what was sent. A peer that does not want it all may have said why already: that is for the
// reader to see.
std::optional<Error> send_all(Stream& stream, int fd, std::string_view& text,
                              const Request& request, const Deadline& deadline) {
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

// Gives what has come of the body to request.on_body, or keeps it where that is for no one but the
// caller.
std::optional<Error> pass_on(ResponseReader& reader, const Request& request, std::string& kept) {
  if (!request.on_body ||
      (reader.state() != ReadState::kBody && reader.state() != ReadState::kComplete))
    return {};
  const std::string piece = reader.take_body();
  if (reader.status() != 200) {
    kept += piece;
    if (kept.size() <= request.response_bytes_max) return {};
    return failed("the answer is longer than " + std::to_string(request.response_bytes_max) +
                  " bytes");
  }
  if (piece.empty() || request.on_body(piece)) return {};
  return failed("the answer was not wanted to its end");
}

Result<Response> receive(Stream& stream, int fd, const Request& request, const Deadline& deadline,
                         Progress& progress) {
  const size_t bytes_max =
      request.on_body ? std::numeric_limits<size_t>::max() : request.response_bytes_max;
  ResponseReader reader(bytes_max, request.method == "HEAD" ? ResponseReader::Asked::kHeadOnly
                                                            : ResponseReader::Asked::kWithBody);
  char bytes[kReadBytes];
  std::string waiting;  // came, but was not taken yet
  std::string kept;     // of the body, where request.on_body does not take it
  while (reader.state() != ReadState::kComplete && reader.state() != ReadState::kRejected) {
    if (deadline.left().count() == 0) return timed_out(request, "waiting for the answer");
    size_t moved = 0;
    switch (const Io outcome = stream.read(bytes, sizeof bytes, moved)) {
      case Io::kDone: {
        progress.answered = true;
        waiting.append(bytes, moved);
        waiting.erase(0, reader.feed(waiting));
        if (const auto error = pass_on(reader, request, kept)) return *error;
        break;
      }
      case Io::kWantRead:
      case Io::kWantWrite:
        if (!deadline.wait(fd, outcome == Io::kWantRead ? POLLIN : POLLOUT)) {
          return timed_out(request, "waiting for the answer");
        }
        break;
      case Io::kEnd:
        reader.end();
        if (const auto error = pass_on(reader, request, kept)) return *error;
        break;
      case Io::kBroken: return failed("the connection broke: " + stream.why());
    }
  }
  if (reader.state() == ReadState::kRejected) {
    return failed("the answer cannot be used: " + std::string(reader.reject_reason()));
  }
  progress.reusable = reader.keeps_alive() && waiting.empty();
  Response response;
  response.status = reader.status();
  response.headers = reader.take_headers();
  response.body = request.on_body ? std::move(kept) : reader.take_body();
  return response;
}

}  // namespace

Result<std::string> request_head(const Request& request, const Url& url, size_t body_bytes,
                                 AfterExchange after) {
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
  if (may_have_body || body_bytes != 0) {
    text.append("Content-Length: ").append(std::to_string(body_bytes)).append("\r\n");
  }
  if (after == AfterExchange::kClose) text += "Connection: close\r\n";
  text += "\r\n";
  return text;
}

Result<Response> exchange(ClientConnection& connection, std::string_view head,
                          std::string_view body, const Request& request, const Deadline& deadline,
                          Progress& progress) {
  Stream& stream = *connection.stream;
  const int fd = connection.fd.get();
  for (std::string_view* part : {&head, &body}) {
    if (const auto error = send_all(stream, fd, *part, request, deadline)) return *error;
    if (!part->empty()) break;
  }
  progress.sent_all = head.empty() && body.empty();
  auto response = receive(stream, fd, request, deadline, progress);
  progress.reusable = progress.reusable && progress.sent_all;
  return response;
}

Result<Response> finish(Result<Response> response, const Url& url, const std::string& address,
                        Deadline::Clock::time_point began) {
  if (!response) {
    Error error = response.error();
    // Scheme and host alone: what stands behind them may be nobody's business in a log.
    const std::string where = (url.tls ? "https://" : "http://") + url.authority;
    error.message = where + ": " + error.message;
    return error;
  }
  response->address = address;
  response->duration =
      std::chrono::duration_cast<std::chrono::microseconds>(Deadline::Clock::now() - began);
  return response;
}

}  // namespace outrigger::http
