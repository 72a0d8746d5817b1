// What the entries of one request, job or message have in common: a trace and fields.
//
//     const auto context = log::Context::of_request(header).with("user", user_id);
//     log::info(context, "paid {cents}", cents);      // explicit: right in any thread, across co_await
//     const log::Within within(context);              // or for all calls of this thread until here ends
//
// A context is a value of 300 bytes, cheap to copy and safe to read from many threads; making and
// changing one allocates nothing. An entry that has one takes the
// log call's slow path.
//
// Traces are W3C's (https://www.w3.org/TR/trace-context/, level 1): `traceparent` in, `traceparent`
// out. `tracestate` is not kept.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "outrigger/internal/log_call.h"

namespace outrigger::internal {

struct ContextBlock {
  ContextHead head{sizeof(ContextHead), 0, 0, 0, {}, {}, {}};
  char fields[kContextBytesMax - sizeof(ContextHead)]{};  // head.bytes covers what is used
};

// The name of a field, checked when the call is compiled.
class FieldName {
 public:
  template <std::size_t N>
  consteval FieldName(const char (&text)[N]) : text_(text, N - 1) {
    static_assert(N > 1 && N <= 64, "a field's name has 1 to 63 characters");
    check_name(text_);
  }
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace outrigger::internal

namespace outrigger::log {

class Context {
 public:
  // No trace, no fields.
  Context() = default;

  // A new trace. Its identities come from the kernel's random numbers: a system call.
  static Context begin() noexcept;

  // The caller's trace and span as a traceparent header names them; nothing when it is malformed.
  static std::optional<Context> parse(std::string_view traceparent) noexcept;

  // What a server works in: a new span below the caller's, or a new trace where the header is
  // missing or malformed.
  static Context of_request(std::string_view traceparent) noexcept;

  // The same trace and fields, and a span of its own: for a part that is to be told apart.
  Context child() const noexcept;

  // The same with one field more; a field of that name is replaced. Numbers, bool, enums, text,
  // chrono values. Names and values share 224 bytes: a text that does not fit is cut, a field that
  // does not is left out, and either is counted on the health page.
  template <typename T>
  [[nodiscard]] Context with(internal::FieldName name, const T& value) const noexcept {
    using internal::Argument;
    static_assert(Argument<T>::kType != internal::ArgumentType::kFormatted,
                  "a context's field is a number, bool, enum, text or chrono value");
    Context more = *this;
    more.add(name.text(), Argument<T>::kType, internal::slow_argument(Argument<T>::encode(value)));
    return more;
  }

  bool has_trace() const noexcept { return block_.head.has_trace != 0; }
  // The caller wants this trace recorded (its flag 01); also true of a trace that began here.
  bool sampled() const noexcept { return sampled_; }
  // 32 and 16 hexadecimal digits; empty without a trace.
  std::string trace_id() const;
  std::string span_id() const;
  // For a request to somebody else: "00-<trace>-<span>-01". Empty without a trace.
  std::string traceparent() const;

  // For the log call.
  internal::Origin origin() const noexcept { return {nullptr, &block_}; }
  const std::atomic<uint8_t>& level_cell() const noexcept { return internal::g_level; }

 private:
  friend bool one_in(uint32_t n, const Context& context) noexcept;
  void add(std::string_view name, internal::ArgumentType type,
           const internal::SlowArgument& value) noexcept;
  void new_span() noexcept;

  internal::ContextBlock block_;
  bool sampled_ = false;
};

// Until it goes out of scope, this thread's calls without a context of their own have this one.
// Ends on the thread where it began, innermost first; not across a co_await, where the thread may
// change: give the context to the calls instead. Keeps a copy.
class Within {
 public:
  explicit Within(const Context& context) noexcept;
  ~Within();
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  const Context context_;
  const Context* const outer_;
};

// The context that this thread is within; an empty one without.
Context current() noexcept;

}  // namespace outrigger::log
