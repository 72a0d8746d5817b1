// Tests of code that uses Outrigger. Every public call works without run(); a Scope shows what they
// did:
//
//     TEST(Greeting, is_logged_and_counted) {
//       outrigger::testing::Scope scope;
//       greet("Ada");
//       EXPECT_EQ(scope.entries().back().message, "greeted Ada");
//       EXPECT_EQ(scope.counted("Greetings"), 1);
//     }
//
// Works in any test framework, with threads, in death tests, and as often as you like in one
// process, one at a time. It starts no process and no thread, listens nowhere, and ends with what
// it changed put back. It captures from the moment a log call returns; there is nothing to wait
// for.
//
// With `using namespace outrigger`, GoogleTest's own namespace of that name needs its leading colons.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/health.h"
#include "outrigger/json.h"
#include "outrigger/log.h"
#include "outrigger/result.h"
#include "outrigger/service.h"
#include "outrigger/setting.h"

namespace outrigger::internal {

struct SettingCell {
  template <typename T>
  static std::shared_ptr<T> of(const Setting<T>& setting) {
    return setting.value_;
  }
};

}  // namespace outrigger::internal

namespace outrigger::testing {

struct Entry {
  log::Level level = log::Level::kInfo;
  std::string message;
  std::string source;  // "greet.cc:41"
  // In the order of the entry; values as text. A context's fields are among them, and module,
  // trace_id, span_id.
  std::vector<std::pair<std::string, std::string>> fields;

  // The field's text; empty when there is none.
  std::string field(std::string_view name) const;
};

struct ScopeOptions {
  log::Level level = log::Level::kInfo;  // the service's level while the scope lasts
  // Without a scope, WARN and above go to stderr; with one they do too, since death tests look
  // there. True: they do not.
  bool quiet = false;
};

class Scope {
 public:
  // Throws std::logic_error when there is another one, or in a service that runs.
  explicit Scope(ScopeOptions options = {});
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // --- Log (any thread) ---
  // All so far, oldest first. A child of fork(), as in a death test, captures nothing.
  std::vector<Entry> entries() const;
  // How many of them have this in their message.
  size_t logged(std::string_view part) const;
  void clear();

  // --- Metrics (any thread) ---
  // What was added to the counter of that name since the scope began, over all its dimensions; of a
  // histogram or timer how many values it got.
  uint64_t counted(std::string_view name) const;
  // What the gauge of that name (without dimensions) was set to; not a number if it never was.
  double gauge(std::string_view name) const;

  // --- Settings and operations ---
  // Until the scope ends.
  template <internal::Value T>
  void set(const Setting<T>& setting, std::type_identity_t<T> value) {
    const std::shared_ptr<T> cell = internal::SettingCell::of(setting);
    put_back_at_end([cell, before = *cell] { *cell = before; });
    *cell = std::move(value);
  }
  // The same by name, from its text. Error: no such setting, or no value of its type.
  Result<void> set(Service& service, std::string_view name, std::string_view text);

  // Calls an operation as its command does: `words` are its parameters in their order. What streams
  // gives an array of its lines.
  Result<Json> call(Service& service, std::string_view operation,
                    const std::vector<std::string>& words = {});

  // --- Checks, on a clock that only the test moves ---
  // Begins the schedules of the service's checks: each runs once now, in this thread.
  void start_checks(Service& service);
  // Time passes: what falls due runs in this thread, in the order in which it falls due. Called
  // from within a check it makes that one slow. check_now() (health.h) follows.
  void advance(std::chrono::milliseconds time);
  // The last result; one that took longer than its timeout has failed. Error: no such check.
  Result<CheckResult> check(std::string_view name) const;
  size_t runs(std::string_view check) const;

 private:
  struct State;
  void put_back_at_end(std::function<void()> what);

  const std::unique_ptr<State> state_;
};

}  // namespace outrigger::testing
