// Result<T>: a value, or an Error that says what to do about it. Value type, no synchronisation of
// its own.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace outrigger {

// What the caller should do, not where it broke.
enum class ErrorKind {
  kBadInput,     // fix the call: HTTP 400, exit 1
  kNotFound,     // 404
  kRefused,      // allowed to nobody, or not to you: 403
  kUnavailable,  // try again later: 503
  kTimeout,      // it took too long: 504
  kFailed,       // nothing the caller can do: 500
};

struct Error {
  ErrorKind kind = ErrorKind::kFailed;
  std::string message;    // one sentence, naming the value and what would be right
  std::string parameter;  // the parameter at fault, if one is
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  // Precondition: ok(). Otherwise std::bad_variant_access.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // Precondition: !ok().
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}
  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

// The usual sentence for a parameter that will not do: `name "": at least one character is needed`.
inline Error bad_input(std::string_view parameter, std::string_view value,
                       std::string_view expected) {
  std::string message(parameter);
  message += " \"";
  message += value;
  message += "\" will not do: expected ";
  message += expected;
  return Error{ErrorKind::kBadInput, std::move(message), std::string(parameter)};
}
inline Error failed(std::string message) {
  return Error{ErrorKind::kFailed, std::move(message), {}};
}

}  // namespace outrigger
