// An HTTP/1.1 server with hard limits, for the admin port and for a service's own port.
//
// One event loop, run by as many threads as asked (one is usual); no thread a connection. An idle
// connection costs about a kilobyte. Whatever a client sends, it gets an answer or is cut off in
// bounded time; nothing that a connection does is an exception outside it, and no GET or HEAD
// reaches a handler with a body that was too long.
//
// Threads: start() and the destructor belong to one thread; all else may be called from any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::http {

class ServerTls;

// Who is at the other end, as the kernel says it.
struct Peer {
  bool unix_socket = false;
  bool loopback = false;  // TCP from 127.0.0.0/8 or ::1. Not an identity: see admin/exposure.h
  bool tls = false;       // what is said is hidden from the network
  std::string address;    // "192.0.2.1:40000", "[2001:db8::1]:40000"; empty for a Unix socket
  std::optional<uint32_t> uid;  // Unix sockets: who had connected (SO_PEERCRED)
};

// What a handler is given. The views live as long as the call.
struct ServerRequest {
  std::string_view method;  // "GET", "PUT"; HEAD arrives as GET, the body of its answer is not sent
  std::string_view path;    // percent-decoded; starts with '/', holds no control characters
  std::vector<std::pair<std::string, std::string>>
      query;  // percent-decoded, in order; '+' is a space
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // in order, names as sent
  std::string_view body;
  const Peer* peer = nullptr;
  // Stop is requested when the client has hung up (or shut its sending side: what has been sent to
  // that point cannot tell the two apart), and when the time set by `limit` is over; about half a
  // second late. It may be kept until the answer's stream has ended. A server of one thread looks
  // at nobody while its handler runs.
  std::stop_token token{};
  std::function<void(std::chrono::steady_clock::time_point)> limit{};

  // The first header of that name in any case; empty when there is none.
  std::string_view header(std::string_view name) const;
  // The first query parameter of that name.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

struct ServerResponse;

// An answer that takes longer than a handler may. The handler leaves one in its response and
// returns; the connection then asks for the answer every 20 ms, on a loop thread. It is destroyed
// when its answer was taken or the client has left, so that the work may stop.
class Later {
 public:
  virtual ~Later() = default;
  // The whole answer once it is there, or another Later. Must not block.
  virtual std::optional<ServerResponse> answer() = 0;
};

// An answer that goes on: a message whenever there is news, as server-sent events are. The
// connection asks for the next one every 100 ms, on a loop thread, and holds one at a time; a client
// that does not take it within the time of a write is cut off. Destroyed when the client has left.
// How many there are at a time is bounded by who makes them.
class Feed {
 public:
  virtual ~Feed() = default;
  enum class Turn {
    kNext,
    kLast,  // the server drains: nothing is sent after what this call gives
  };
  // The message as it is sent; nothing: no news. Must not block.
  virtual std::optional<std::string> next(Turn turn) = 0;
};

// Sends a piece of an answer, and waits until the client takes it. False when it does not, or is
// gone: there is nothing to be gained by going on.
using Send = std::function<bool(std::string_view piece)>;

struct ServerResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  // Further headers. Content-Length, Date, Connection, nosniff and no-store are the server's own.
  std::vector<std::pair<std::string, std::string>> headers;
  // When set, all else here is ignored: the answer is what this one gives.
  std::shared_ptr<Later> later;
  // When set, `body` is not looked at: the body is the messages of this one.
  std::shared_ptr<Feed> feed;
  // An answer in pieces, sent chunked. Called once, after the handler, on a thread of its own, with
  // the connection's whole attention; `body` above is not looked at. As long as it has sent nothing,
  // what it returns is the answer. Otherwise that one's body is the last piece, and if its status is
  // 400 or more the answer ends without its last chunk, so that no client takes it for whole.
  std::function<ServerResponse(const Send& send)> stream;
};

// Called on a loop thread: while it runs, that thread serves nobody else. What it throws becomes a
// 500.
using Handler = std::function<ServerResponse(const ServerRequest&)>;

struct ServerLimits {
  std::size_t header_bytes = 16u << 10;  // more: 431
  std::size_t body_bytes = 64u << 10;    // more: 413, at best before it was sent
  std::size_t connections = 8192;        // one more closes the one that has been idle longest
  // Each covers the whole of its phase, not one byte of it, so a client that trickles gains
  // nothing.
  std::chrono::milliseconds header{5'000};  // from the request's first byte to its last header: 408
  std::chrono::milliseconds body{10'000};   // from there to the body's last byte: 408
  std::chrono::milliseconds write{
      30'000};  // for the answer, or one piece of it, to be taken: cut off
  std::chrono::milliseconds keep_alive{60'000};  // without a request: closed
  std::size_t streams = 64;  // answers in pieces under way, a thread each; one more: 503
};

struct ServerOptions {
  // Each is "ADDR:PORT" (a literal, "localhost", or nothing for every IPv4 address; "[::1]:8081"
  // for IPv6; port 0 picks one), "unix:/path", or "unix:@name" in the abstract namespace.
  std::vector<std::string> listen;
  // Listening sockets that are open already, from the init system or a keeper before. Owned by the
  // server.
  std::vector<int> inherited;
  std::string option = "--listen";  // named in the message when an address is taken
  unsigned threads = 1;
  std::string thread_name = "http";  // at most 15 characters
  ServerLimits limits;
  // Takes over TCP clients that begin with TLS; null: they are told 400, as for any other noise.
  std::shared_ptr<ServerTls> tls{};
  Handler handler;
  // Called once a second through the same queue as the handlers, so it falls silent when they all
  // hang.
  std::function<void()> on_beat;
};

// Counted since start; each a sum that only grows, but for `connections`.
struct ServerCounts {
  uint64_t accepted = 0;
  uint64_t requests = 0;     // answered by the handler
  uint64_t rejected = 0;     // answered with a 4xx or 5xx before the handler was asked
  uint64_t timed_out = 0;    // cut off for being slow
  uint64_t evicted = 0;      // idle, closed for a newcomer
  uint64_t connections = 0;  // open now
};

struct Listener {
  int fd;               // the server's
  std::string address;  // as bound, in the form of ServerOptions::listen
  bool is_unix() const { return address.starts_with("unix:"); }
};

class Server {
 public:
  // Binds and listens on the caller's thread, then serves. Fails with one sentence that names the
  // address and the reason: "cannot listen on 127.0.0.1:8081: address already in use; choose
  // another with --admin".
  static Result<std::unique_ptr<Server>> start(ServerOptions options);

  virtual ~Server() = default;  // stops at once and joins; a handler under way is waited for

  // What is listened on, in the order of `listen`, then `inherited`.
  virtual const std::vector<Listener>& listeners() const = 0;
  // No new connections, idle ones close; returns when all requests under way are answered, or at
  // the deadline. Listening sockets are closed, except inherited ones, where connections may wait
  // for the next process.
  virtual void drain(std::chrono::milliseconds deadline) = 0;
  virtual ServerCounts counts() const = 0;
};

}  // namespace outrigger::http
