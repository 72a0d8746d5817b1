// What a call to AWS comes to: its answer, or why there is none. Value types.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "outrigger/http.h"

namespace outrigger::aws {

// What the caller should do, not where it broke.
enum class FailureKind {
  kTransient,      // no connection, a time-out, a broken answer, 5xx: send again later
  kThrottled,      // send again, later still
  kExpired,        // the credentials: refreshed already, when the call gives this
  kSkewed,         // the clocks differ: corrected already, when the call gives this
  kDenied,         // the role lacks the action that `message` names
  kRejected,       // the call is wrong; sending it again as it is never helps. `code` says more
  kNoCredentials,  // none were to be had
  kUntrusted,      // the endpoint's certificate, or an address that nothing may be asked of
  kCancelled,
};

struct Failure {
  FailureKind kind = FailureKind::kTransient;
  int status = 0;       // HTTP's; 0 without an answer
  std::string code;     // AWS's: "ResourceNotFoundException"; empty without one
  std::string message;  // one sentence, with the endpoint; no credential is ever in it
  // The whole request was sent and no answer came back: it may have been acted on.
  bool maybe_taken = false;

  bool is(std::string_view wanted) const { return code == wanted; }
  bool may_pass() const {
    return kind == FailureKind::kTransient || kind == FailureKind::kThrottled;
  }
};

template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  explicit operator bool() const { return state_.index() == 0; }
  // Precondition: there is one. Otherwise std::bad_variant_access.
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Failure& failure() const { return std::get<1>(state_); }

 private:
  std::variant<T, Failure> state_;
};

struct Done {};  // an answer that says nothing more

// --- Reading answers ---------------------------------------------------------------------------
// The failure that an answer of 3xx to 5xx tells of, in JSON or XML as AWS's protocols have it.
// Any bytes.
Failure failure_of(const http::Response& response);

// The answer is a success that cannot be understood.
Failure not_understood(std::string_view what);

// "" where there is none. Names are compared without case.
std::string_view header_of(const http::Response& response, std::string_view name);

}  // namespace outrigger::aws
