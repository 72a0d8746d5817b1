// Logging.
//
//     log::info("probed {url} in {ms:.1f} ms", url, ms);
//
// A name in the format string becomes a field of the JSON entry; a bare {} is text only. Count,
// types, names and specs are checked when the call is compiled. Arguments: numbers, bool, char,
// enums, text, pointers to void (printed, never followed), chrono durations and system times are
// stored raw and formatted by the keeper; whatever else has an fmt::formatter is formatted at the
// call (up to 512 bytes; include its fmt header first).
//
// A call may name where it comes from, as its first argument: a context (log_context.h: trace and
// fields of a request), a module (log_module.h: a part of the program with a level of its own), or
// module.with(context).
//
// Costs about ten nanoseconds; never allocates, locks or makes a system call. When the thread's
// ring is full, entries below ERROR are dropped and counted; ERROR and FATAL wait for room, at most
// 100 ms in any second, and not at all while the keeper is known to be stuck. What is dropped is
// said in the log itself and on the health page.
//
// May be called from any thread, before run(), after shutdown, in signal handlers (a call that
// interrupts another call of the same thread is dropped and counted), in children of fork()
// (discarded and counted). Without run(), WARN and above go to stderr. Never throws.
#pragma once

#include <concepts>
#include <cstdint>
#include <source_location>

#include "outrigger/internal/log_call.h"
#include "outrigger/log_context.h"
#include "outrigger/log_module.h"

namespace outrigger::log {

template <typename... Args>
using FormatString = internal::Format<std::type_identity_t<Args>...>;

// A Context, a Module, or a module in a context.
template <typename T>
concept CallOrigin = requires(const T& from) {
  { from.origin() } -> std::same_as<internal::Origin>;
  from.level_cell();
};

template <typename... Args>
[[gnu::always_inline]] inline void trace(FormatString<Args...> format,
                                         const Args&... args) noexcept {
  internal::log_call<0>(format, args...);
}
template <CallOrigin From, typename... Args>
[[gnu::always_inline]] inline void trace(const From& from, FormatString<Args...> format,
                                         const Args&... args) noexcept {
  internal::log_call_from<0>(from, format, args...);
}
template <typename... Args>
[[gnu::always_inline]] inline void debug(FormatString<Args...> format,
                                         const Args&... args) noexcept {
  internal::log_call<1>(format, args...);
}
template <CallOrigin From, typename... Args>
[[gnu::always_inline]] inline void debug(const From& from, FormatString<Args...> format,
                                         const Args&... args) noexcept {
  internal::log_call_from<1>(from, format, args...);
}
template <typename... Args>
[[gnu::always_inline]] inline void info(FormatString<Args...> format,
                                        const Args&... args) noexcept {
  internal::log_call<2>(format, args...);
}
template <CallOrigin From, typename... Args>
[[gnu::always_inline]] inline void info(const From& from, FormatString<Args...> format,
                                        const Args&... args) noexcept {
  internal::log_call_from<2>(from, format, args...);
}
template <typename... Args>
[[gnu::always_inline]] inline void warn(FormatString<Args...> format,
                                        const Args&... args) noexcept {
  internal::log_call<3>(format, args...);
}
template <CallOrigin From, typename... Args>
[[gnu::always_inline]] inline void warn(const From& from, FormatString<Args...> format,
                                        const Args&... args) noexcept {
  internal::log_call_from<3>(from, format, args...);
}
template <typename... Args>
[[gnu::always_inline]] inline void error(FormatString<Args...> format,
                                         const Args&... args) noexcept {
  internal::log_call<4>(format, args...);
}
template <CallOrigin From, typename... Args>
[[gnu::always_inline]] inline void error(const From& from, FormatString<Args...> format,
                                         const Args&... args) noexcept {
  internal::log_call_from<4>(from, format, args...);
}
// The gravest level. Logs only: the program goes on.
template <typename... Args>
[[gnu::always_inline]] inline void fatal(FormatString<Args...> format,
                                         const Args&... args) noexcept {
  internal::log_call<5>(format, args...);
}
template <CallOrigin From, typename... Args>
[[gnu::always_inline]] inline void fatal(const From& from, FormatString<Args...> format,
                                         const Args&... args) noexcept {
  internal::log_call_from<5>(from, format, args...);
}

// An argument that is not to be seen: the entry shows "***", and the value never leaves the call.
//     log::info("login of {user} with {password}", user, log::sensitive(password));
template <typename T>
constexpr internal::Sensitive<T> sensitive(const T&) noexcept {
  return {};
}

// Entries below `level` cost one relaxed load. The level can also be set from outside: PUT
// /log/level.
Level level() noexcept;
void set_level(Level level) noexcept;

// Calls of this service that found no room so far, by any thread; 0 without run().
uint64_t dropped() noexcept;

// Claims this thread's ring and touches its pages, so that no later call meets a page fault.
// Optional; about 0.2 ms.
void prepare_thread() noexcept;

// What ERROR and FATAL do in this thread when its ring is full.
enum class WhenFull { kWaitBriefly, kDrop };
void set_when_full(WhenFull choice) noexcept;

// A bound for a call site that may run hot:
//     if (log::at_most(5)) log::warn("queue is full: {depth}", depth);
// True for the first `per_second` calls from this place in each second. What is held back is
// counted, and said by an entry when the place is let through again. Sites share a table of 1,024
// slots; thread-safe, no lock.
[[nodiscard]] bool at_most(uint32_t per_second,
                           std::source_location where = std::source_location::current()) noexcept;

// A sample of a call site that runs often and always says the same:
//     if (log::one_in(1000)) log::debug("cache hit {key}", key);
// True for the first of every `n` calls from this place. The others are counted as suppressed, on
// the health page. Thread-safe, no lock; sites share a table of 1,024 slots.
[[nodiscard]] bool one_in(uint32_t n,
                          std::source_location where = std::source_location::current()) noexcept;

// The same for whole requests: true for one in `n` traces, decided by the trace's identity, so that
// all of a trace's entries are written or none, in every service that asks alike.
[[nodiscard]] bool one_in(uint32_t n, const Context& context) noexcept;

}  // namespace outrigger::log
