// One connection's course: from bytes that arrived to the handler and back, without any waiting of
// its own.
//
// Whoever drives it waits for what the last step asked for, and calls the function of that name.
// The driver is the server's coroutine; tests and the fuzzer drive it over a socket pair. Not
// thread-safe: one call at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/connection_table.h"
#include "http/message_reader.h"
#include "http/server.h"

namespace outrigger::http {

enum class Step {
  kRead,    // wait until there is something to read, then read()
  kWrite,   // wait until there is room, then write()
  kYield,   // a request is complete; let the others have a turn first, then answer()
  kAnswer,  // a request is complete: answer()
  kLater,   // the answer is not there yet: wait a moment, then later()
  kFeed,    // no news for the client: wait a moment, then feed()
  kStream,  // the answer comes in pieces: stream(), which waits, on a thread that may
  kGone,    // the end; close the descriptor
};

class Connection {
 public:
  // `fd` does not block and stays the caller's, who closes it after this is destroyed. All else
  // must outlive this.
  Connection(int fd, Peer peer, const ServerLimits& limits, const Handler& handler,
             ConnectionTable& table);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Step read();
  Step answer();
  Step later();
  Step feed();
  Step write();
  Step stream();
  // Instead of stream(), where there is no thread for it.
  Step refuse_stream();

 private:
  Step take(std::string_view bytes);
  Step after_feed(Phase before);
  Step give(ServerResponse response);
  bool client_left() const;
  Step reject(int status, std::string_view reason);
  Step send(const ServerResponse& response, std::string body);
  Step send_whole(ServerResponse response);
  std::string stream_head() const;
  Step sent();
  Step linger();
  Step cut_off();
  bool send_piece(std::string_view piece);
  bool send_waiting(std::string_view bytes);

  const int fd_;
  const Peer peer_;
  const ServerLimits& limits_;
  const Handler& handler_;
  ConnectionTable& table_;
  const ConnectionTable::Place place_;

  // Only while a request is under way, so that an idle connection costs little.
  std::optional<RequestReader> reader_;
  std::shared_ptr<Later> later_;  // of the answer that is awaited
  std::shared_ptr<Feed> feed_;    // of the answer that goes on
  std::string waiting_;           // bytes that arrived and were not taken yet
  std::string head_;              // of the answer under way
  std::string body_;
  ServerResponse streamed_;  // for stream() and feed(): all but its body
  bool chunked_ = false;     // its pieces have frames: not for HTTP/1.0
  bool begun_ = false;       // its head is sent
  size_t written_ = 0;       // of both
  Phase phase_ = Phase::kIdle;
  bool close_after_ = false;
  bool linger_after_ = false;
  bool continued_ = false;        // "100 Continue" was said
  unsigned answered_in_row_ = 0;  // without a read between them
  size_t discarded_ = 0;          // while lingering
};

}  // namespace outrigger::http
