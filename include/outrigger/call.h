// What an operation's function may know of the call it answers, and how it answers in pieces.
//
//     .does([](const Call& call, const std::string& query) -> Result<Json> {
//       while (more()) {
//         if (call.cancelled()) return call.why();
//         ...
//
// A call is cancelled when nobody waits for its result any more: the HTTP client has hung up, the
// command's user has pressed Ctrl-C, or the time is over. Nothing is interrupted: a function that
// takes long looks, or waits with token().
//
// Both live as long as the function runs; their functions may be called from any thread.
#pragma once

#include <chrono>
#include <stop_token>
#include <string_view>

#include "outrigger/json.h"
#include "outrigger/result.h"

namespace outrigger {

using Deadline = std::chrono::steady_clock::time_point;

namespace internal {

// Who asks: a client over HTTP, or the command line (src/service).
class Caller {
 public:
  virtual ~Caller() = default;
  // Stop is requested when the caller is gone, and a moment after the deadline has passed.
  virtual std::stop_token token() const = 0;
  virtual Deadline deadline() const = 0;
  virtual std::string_view header(std::string_view name) const = 0;
  // One line of a result in pieces. False when nobody takes it.
  virtual bool write(const Json& line) = 0;
};

}  // namespace internal

class Call {
 public:
  explicit Call(internal::Caller& caller)
      : caller_(caller), deadline_(caller.deadline()), token_(caller.token()) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool cancelled() const noexcept {
    return token_.stop_requested() || std::chrono::steady_clock::now() >= deadline_;
  }
  // The operation's own limit (.within()), or what the client asked for if that is less;
  // Deadline::max() where there is neither.
  Deadline deadline() const noexcept { return deadline_; }
  // For std::condition_variable_any, std::stop_callback. Over HTTP, stop is requested within about
  // half a second of the client's leaving.
  const std::stop_token& token() const noexcept { return token_; }
  // Once cancelled: what to return, kTimeout or kUnavailable.
  Error why() const;
  // Of the HTTP request, the name in any case; empty when there is none, and for a command.
  std::string_view header(std::string_view name) const { return caller_.header(name); }

 private:
  internal::Caller& caller_;
  const Deadline deadline_;
  const std::stop_token token_;
};

// The result of an operation that .streams(): one JSON value a line.
class Lines {
 public:
  Lines(internal::Caller& caller, const Call& call) : caller_(caller), call_(call) {}
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  // Waits while the client takes no more: a slow reader slows the function down, and nothing piles
  // up. False when the call is cancelled: then return. One thread at a time.
  bool write(const Json& line);

 private:
  internal::Caller& caller_;
  const Call& call_;
};

}  // namespace outrigger
