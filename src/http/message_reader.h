// Requests and responses, read from bytes as they come, by Beast's parser behind limits of our own.
//
// Both readers are fed with what arrived and say how much they took; what they did not take must
// come again, with more behind it. They keep nothing of the caller's bytes. Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server.h"

namespace outrigger::http {

enum class ReadState {
  kNothing,   // no byte of a message yet
  kHead,      // the header is not complete
  kBody,      // the body is not
  kComplete,  // all of the message is there; nothing more is taken
  kRejected,  // it can never be: reject_status() and reject_reason() say why
};

class RequestReader {
 public:
  RequestReader(std::size_t header_bytes_max, std::size_t body_bytes_max);
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  // `bytes` is never empty. Returns how many were taken.
  std::size_t feed(std::string_view bytes);
  ReadState state() const;

  // Once rejected: the HTTP status to answer with, and one sentence.
  int reject_status() const;
  std::string_view reject_reason() const;

  // Once past the header.
  bool is_head() const;           // the method is HEAD
  bool is_1_0() const;            // no chunks for this one
  bool keeps_alive() const;       // as the request's version and Connection header ask
  bool expects_continue() const;  // the client waits for "100 Continue"
  // Once complete. The views point into the reader. `peer` is left empty.
  ServerRequest request() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ResponseReader {
 public:
  // `to_head`: the answer to a HEAD request, which has no body whatever its header says.
  enum class Asked { kWithBody, kHeadOnly };
  ResponseReader(std::size_t body_bytes_max, Asked asked);
  ~ResponseReader();

  std::size_t feed(std::string_view bytes);
  // The connection's end: completes an answer whose body has no stated length, rejects any other.
  void end();
  ReadState state() const;
  std::string_view reject_reason() const;
  // True where only the connection's end says that the body is whole.
  bool ends_with_connection() const;
  // Once complete: the peer leaves the connection open for another exchange.
  bool keeps_alive() const;

  // Past the header. Interim answers (1xx) are passed over.
  int status() const;
  // What has come of the body since the last call.
  std::string take_body();
  // Once complete.
  std::vector<std::pair<std::string, std::string>> take_headers();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace outrigger::http
