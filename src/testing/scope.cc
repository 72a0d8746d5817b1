#include "outrigger/testing.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <variant>

#include "health/schedule.h"
#include "log/attach.h"
#include "metrics/table.h"
#include "outrigger/call.h"
#include "outrigger/metrics.h"
#include "render/value.h"
#include "service/call.h"
#include "service/parts.h"

namespace outrigger::testing {
namespace {

using health::Clock;

// What the log's capture, a plain function, writes to.
struct Captured {
  std::mutex mutex;
  std::vector<Entry> entries;  // guarded by mutex
  pid_t pid = 0;
  bool quiet = false;
};
Captured& captured() {
  static Captured* const it = new Captured;  // never destroyed: others may log to the last
  return *it;
}

std::string text_of(const render::Value& value) {
  return std::visit(
      [](const auto& it) -> std::string {
        using T = std::decay_t<decltype(it)>;
        if constexpr (std::is_same_v<T, std::string>) return it;
        else if constexpr (std::is_same_v<T, bool>) return it ? "true" : "false";
        else return internal::value_text(it);
      },
      value);
}

bool capture(const render::Entry& entry) {
  Captured& all = captured();
  if (getpid() != all.pid) return true;  // a child of fork() logs to stderr, as it always does
  Entry kept{static_cast<log::Level>(entry.level),
             render::message_of(entry),
             std::string(entry.plan->source),
             {}};
  for (const auto& [name, value] : render::fields_of(entry))
    kept.fields.emplace_back(name, text_of(value));
  const std::lock_guard lock(all.mutex);
  all.entries.push_back(std::move(kept));
  return !all.quiet;
}

// A test asks: never cancelled, and pieces of a result go nowhere but into it.
class TestCaller final : public internal::Caller {
 public:
  std::stop_token token() const override { return {}; }
  Deadline deadline() const override { return Deadline::max(); }
  std::string_view header(std::string_view) const override { return {}; }
  bool write(const Json& line) override {
    lines.push_back(line);
    return true;
  }
  Json lines = Json::array();
};

struct Check {
  std::string name;
  CheckOptions options;
  health::CheckFunction function;
  Clock::time_point due;
  bool running = false;
  size_t runs = 0;
  CheckResult result{};
};

}  // namespace

std::string Entry::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? std::string() : found->second;
}

struct Scope::State {
  log::Level level_before = log::Level::kInfo;
  std::map<std::string, uint64_t, std::less<>> counters_before;
  std::vector<std::function<void()>> put_back;
  std::list<Check> checks;
  // Any time but none at all; it starts with the real one, so that differences make sense.
  Clock::time_point now = Clock::now();

  void run(Check& check);
};

Scope::Scope(ScopeOptions options) : state_(std::make_unique<State>()) {
  Captured& all = captured();
  {
    const std::lock_guard lock(all.mutex);
    if (all.pid == getpid())
      throw std::logic_error("outrigger::testing::Scope: there is one already; end it first");
    all.pid = getpid();
    all.quiet = options.quiet;
    all.entries.clear();
  }
  // A scope that a parent of fork() left behind captures for this one.
  log::set_capture(nullptr);
  if (!log::set_capture(capture)) {
    all.pid = 0;
    throw std::logic_error("outrigger::testing::Scope: not in a service that runs");
  }
  state_->level_before = log::level();
  log::set_level(options.level);
  state_->counters_before = metrics::own_values();
  health::set_check_time(state_->now);
}

Scope::~Scope() {
  log::set_capture(nullptr);
  log::set_level(state_->level_before);
  health::set_check_time({});
  // What was set twice gets its first value back.
  for (auto it = state_->put_back.rbegin(); it != state_->put_back.rend(); ++it) (*it)();
  Captured& all = captured();
  const std::lock_guard lock(all.mutex);
  all.entries.clear();
  all.pid = 0;
}

std::vector<Entry> Scope::entries() const {
  Captured& all = captured();
  const std::lock_guard lock(all.mutex);
  return all.entries;
}

size_t Scope::logged(std::string_view part) const {
  Captured& all = captured();
  const std::lock_guard lock(all.mutex);
  return static_cast<size_t>(std::count_if(
      all.entries.begin(), all.entries.end(),
      [&](const Entry& entry) { return entry.message.find(part) != std::string::npos; }));
}

void Scope::clear() {
  Captured& all = captured();
  const std::lock_guard lock(all.mutex);
  all.entries.clear();
}

uint64_t Scope::counted(std::string_view name) const {
  const auto now = metrics::own_values();
  const auto found = now.find(name);
  if (found == now.end()) return 0;
  const auto before = state_->counters_before.find(name);
  return found->second - (before == state_->counters_before.end() ? 0 : before->second);
}

double Scope::gauge(std::string_view name) const {
  const auto all = metrics::own_gauges();
  const auto found = all.find(name);
  return found == all.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

void Scope::put_back_at_end(std::function<void()> what) {
  state_->put_back.push_back(std::move(what));
}

Result<void> Scope::set(Service& service, std::string_view name, std::string_view text) {
  for (const internal::SettingInfo& setting : service.parts().settings) {
    if (setting.name != name) continue;
    if (Result<void> done = setting.set(text); !done.ok()) return done;
    // What a handle has before run().
    const auto& otherwise = setting.in_local ? setting.in_local : setting.otherwise;
    put_back_at_end([set = setting.set, value = otherwise.value_or("")] { (void)set(value); });
    return {};
  }
  return Error{ErrorKind::kNotFound, "there is no setting \"" + std::string(name) + "\"",
               std::string(name)};
}

Result<Json> Scope::call(Service& service, std::string_view name,
                         const std::vector<std::string>& words) {
  const internal::OperationInfo* operation =
      service::find_operation(service.parts().operations, name);
  if (operation == nullptr) {
    return Error{ErrorKind::kNotFound, "there is no operation \"" + std::string(name) + "\"",
                 std::string(name)};
  }
  const Result<internal::ParameterTexts> texts = service::by_position(*operation, words, {});
  if (!texts.ok()) return texts.error();
  TestCaller caller;
  Result<Json> result = service::call(*operation, caller, *texts);
  return result.ok() && caller.lines.size() != 0 ? Result<Json>(std::move(caller.lines))
                                                 : std::move(result);
}

// --- Checks ------------------------------------------------------------------------------------

void Scope::State::run(Check& check) {
  check.running = true;
  const Clock::time_point began = now;
  check.result = health::result_of(check.function);
  if (health::is_overrun(check.options, now - began))
    check.result = health::timed_out(check.options, now - began);
  ++check.runs;
  check.due = health::next_due(check.options, check.due, now);
  check.running = false;
}

void Scope::start_checks(Service& service) {
  for (const internal::CheckInfo& check : service.parts().checks) {
    state_->checks.push_back({check.name, check.options, check.function, state_->now});
    state_->run(state_->checks.back());
  }
}

void Scope::advance(std::chrono::milliseconds time) {
  State& all = *state_;
  const Clock::time_point until = all.now + time;
  for (;;) {
    Check* next = nullptr;
    for (Check& check : all.checks) {
      if (!check.running && check.due <= until && (next == nullptr || check.due < next->due))
        next = &check;
    }
    if (next == nullptr) break;
    all.now = std::max(all.now, next->due);
    health::set_check_time(all.now);
    all.run(*next);
  }
  all.now = std::max(all.now, until);
  health::set_check_time(all.now);
}

Result<CheckResult> Scope::check(std::string_view name) const {
  for (const Check& check : state_->checks)
    if (check.name == name) return check.result;
  return Error{ErrorKind::kNotFound,
               "there is no check \"" + std::string(name) + "\"; start_checks() begins them",
               std::string(name)};
}

size_t Scope::runs(std::string_view name) const {
  for (const Check& check : state_->checks)
    if (check.name == name) return check.runs;
  return 0;
}

}  // namespace outrigger::testing
