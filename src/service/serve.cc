#include "service/serve.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <utility>

#include "base/handed_sockets.h"
#include "base/threads.h"
#include "health/beat.h"
#include "outrigger/log.h"
#include "outrigger/version.h"
#include "profile/crash.h"
#include "service/control.h"
#include "service/operation_meters.h"
#include "service/say.h"
#include "service/settings_wait.h"
#include "supervisor/crew.h"

namespace outrigger::service {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds kForHooks{1000};        // of the time until the deadline, at most a tenth
constexpr milliseconds kPatienceAtLeast{100};  // the supervisor's grace is 500 ms

// A call of an operation, however it ends.
class UnderWay {
 public:
  explicit UnderWay(std::atomic<int>& count) : count_(count) {
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  ~UnderWay() { count_.fetch_sub(1, std::memory_order_relaxed); }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  std::atomic<int>& count_;
};

segment::View own_segment() { return segment::View(supervisor::crew().segment); }
// By which commands find this service: the supervisor's pid, as on the keeper's own socket.
int crew_pid() {
  const int supervisor = supervisor::crew().card.parent_pid;
  return supervisor > 0 ? supervisor : getpid();
}
bool is_alone() { return supervisor::crew().part == supervisor::Part::kAlone; }

// A hook of the user's; what it throws is not to skip the steps behind it.
template <typename Hook>
Result<void> guarded(const char* which, Hook hook) {
  try {
    if constexpr (std::is_void_v<decltype(hook())>) {
      hook();
      return {};
    } else {
      return hook();
    }
  } catch (const std::exception& thrown) {
    return failed(std::string(which) + " threw an exception: " + thrown.what());
  } catch (...) {
    return failed(std::string(which) + " threw something that is no std::exception");
  }
}

// At the end nobody is left to act on an error: it is logged.
template <typename Hook>
void guarded_and_logged(const char* which, Hook hook) {
  const Result<void> done = guarded(which, std::move(hook));
  if (!done.ok()) log::error("{what}", done.error().message);
}

}  // namespace

Serving::Serving(internal::ServiceParts& parts, RunOptions options, std::function<int()> own_main)
    : parts_(parts),
      options_(std::move(options)),
      own_main_(std::move(own_main)),
      face_(parts),
      access_log_(options_.access_log) {}

Serving::~Serving() = default;

int Serving::run() {
  Control* control = Control::get();
  control->set_stop_budget(parts_.options.stop_budget);
  if (!life().begin()) {
    say_error(parts_.options.name, "run() or adopt() was called a second time");
    return kExitFailed;
  }
  // main() has had its chance to install handlers of its own.
  profile::chain_crash_handlers();
  Result<void> started = prepare();
  if (started.ok()) started = start();
  int status = kExitFine;
  if (!started.ok()) {
    say_error(parts_.options.name, started.error().message);
    status = kExitFailed;
  } else if (own_main_) {
    status = run_own_main();
  } else {
    be_ready();
    life().wait_for_drain();
    drain();
  }
  end(status);
  return status;
}

Result<void> Serving::prepare() {
  log::set_level(static_cast<log::Level>(options_.level));
  const Signs signs = own_signs();
  environment_ = find_environment(options_.environment, signs);
  settings_ = resolve_settings(parts_.settings, environment_.kind, signs.variable);
  const bool is_local = environment_.kind == EnvironmentKind::kLocal;
  if (is_local) {
    if (const std::string fault = settings_at_fault(settings_, environment_); !fault.empty())
      return failed(fault);
  }

  const Declared declared{parts_, options_, environment_, settings_,
                          own_main_ ? Manner::kAdopted : Manner::kOwnMain};
  own_segment().service().adopted.store(own_main_ ? 1 : 0, std::memory_order_relaxed);
  if (!publish(own_segment(), declarations_json(declared))) {
    return failed("the settings' names, values and helps are too long: " +
                  std::to_string(segment::kDeclarationBytes >> 10) + " KiB hold them all");
  }
  Control::get()->ring_keeper();
  if (is_alone()) {
    if (Result<void> begun = start_keeper(); !begun.ok()) return begun;
  }
  // Who has none does not wait: the keeper learns for itself which environment this is.
  return is_local || parts_.settings.empty() ? Result<void>() : find_settings();
}

Result<void> Serving::start_keeper() {
  const ops::Table* door = ops::table();
  if (door == nullptr) {
    return failed(
        "this program was linked without the operations object; declare it with "
        "outrigger_add_service");
  }
  Result<std::unique_ptr<ops::KeeperThread>> keeper =
      door->keeper_thread(Control::get()->card(), true);
  if (!keeper.ok()) return keeper.error();
  keeper_ = std::move(*keeper);
  return {};
}

// The keeper asks: it has the credentials. Without its answer the service goes on with what it
// knows itself, and fails only where that is not enough.
Result<void> Serving::find_settings() {
  const auto say = [&](std::string_view sentence) { say_error(parts_.options.name, sentence); };
  std::optional<segment::SettingsAnswer> answer = wait_for_settings(
      own_segment(), parts_.options.start_budget, [&] { return life().draining(); }, say);
  if (life().draining()) return {};
  if (answer && !answer->environment.empty()) {
    environment_ = {answer->environment, kind_of(answer->environment), answer->why,
                    environment_.given};
  }
  if (!answer) {
    say("the keeper found no settings within the start budget: going on with those that are "
        "hard-coded");
    answer.emplace();
  }
  settings_ = resolve_settings(parts_.settings, environment_.kind, own_signs().variable, *answer);
  std::string fault = settings_at_fault(settings_, environment_);
  if (fault.empty()) return {};
  for (const std::string& note : answer->notes) fault += "\n  note: " + note;
  return failed(fault);
}

Result<void> Serving::start() {
  make_meters(parts_);
  std::vector<internal::StartHook> hooks = parts_.start_hooks;
  for (internal::StartHook& hook : life().start_hooks()) hooks.push_back(std::move(hook));
  for (const internal::StartHook& hook : hooks) {
    if (Result<void> done = guarded("on_start", hook); !done.ok()) return done;
    if (life().draining()) return {};
  }
  checks_ = std::make_unique<health::Runner>(own_segment());
  for (internal::CheckInfo& check : parts_.checks)
    checks_->add(check.name, check.options, check.function);
  parts_.runner = checks_.get();
  life().set_gates([checks = checks_.get()] { return checks->gates_pass(); });
  const bool serves =
      std::any_of(parts_.operations.begin(), parts_.operations.end(),
                  [](const internal::OperationInfo& each) { return !each.cli_only || each.live; });
  return serves ? open_port() : Result<void>();
}

Result<void> Serving::open_port() {
  const ops::Table* door = ops::table();
  if (door == nullptr) {
    return failed(
        "this program was linked without the operations object; declare it with "
        "outrigger_add_service");
  }
  ops::ServeOptions options;
  options.addresses = {door->service_socket(parts_.options.name, crew_pid())};
  const base::HandedSockets handed = base::HandedSockets::own();
  options.inherited.assign(handed.service().begin(), handed.service().end());
  if (options.inherited.empty())
    options.addresses.insert(options.addresses.begin(), options_.listen);
  options.threads = parts_.options.threads;
  options.local = environment_.kind == EnvironmentKind::kLocal;
  options.handler = [this](const ops::ServedRequest& request) {
    return access_log_.around(request, [&] { return answer(request); });
  };
  options.on_beat = [beat = health::source("http")] { beat.beat(); };
  Result<std::unique_ptr<ops::Server>> server = door->serve(std::move(options));
  if (!server.ok()) return server.error();
  server_ = std::move(*server);
  return {};
}

// A call is under way until its function has returned, be it as a stream. The entries of a traced
// request say so: a span below the caller's.
ops::ServedResponse Serving::answer(const ops::ServedRequest& request) {
  const UnderWay under_way(calls_under_way_);
  std::optional<log::Context> context = log::Context::parse(request.header("traceparent"));
  if (context) context = context->child();
  std::optional<log::Within> within;
  if (context) within.emplace(*context);
  ops::ServedResponse response = face_.answer(request);
  if (response.stream) {
    response.stream = [this, context, stream = std::move(response.stream)](const ops::Send& send) {
      const UnderWay streaming(calls_under_way_);
      std::optional<log::Within> within_stream;
      if (context) within_stream.emplace(*context);
      return stream(send);
    };
  }
  return response;
}

void Serving::be_ready() {
  if (!life().ready()) return;
  profile::look_at_crash_handlers();
  Control::get()->say(segment::Word::kReady,
                      static_cast<int32_t>(parts_.options.stop_budget.count()));
  if (server_ != nullptr) {
    log::info("{service} {version} answers on http://{address} ({environment})",
              parts_.options.name, version(), server_->address(), environment_.name);
  } else {
    log::info("{service} {version} runs ({environment})", parts_.options.name, version(),
              environment_.name);
  }
}

// The main thread is the program's own; another one sees to the drain.
int Serving::run_own_main() {
  if (!parts_.options.ready_when_called) be_ready();
  std::thread drainer = base::start_thread("or-drain", [this] {
    life().wait_for_drain();
    if (life().phase() == Phase::kDraining) drain();
  });
  int status = kExitFailed;
  // What it throws is the program's own affair, and ends it as it always did.
  status = own_main_();
  life().exiting();
  drainer.join();
  return status;
}

void Serving::drain() {
  log::info("draining");
  if (environment_.kind != EnvironmentKind::kLocal) life().pause(parts_.options.lame_duck);
  drain_server();
  std::vector<internal::DrainHook> hooks = parts_.drain_hooks;
  for (internal::DrainHook& hook : life().drain_hooks()) hooks.push_back(std::move(hook));
  for (const internal::DrainHook& hook : hooks) {
    guarded_and_logged("on_drain", [&] { hook(life().deadline()); });
  }
  if (own_main_ && hooks.empty()) pass_signal_on();
}

// Requests under way are finished until the deadline; a second signal cuts them off.
void Serving::drain_server() {
  if (server_ == nullptr) return;
  const auto done = std::make_shared<std::atomic<bool>>(false);
  std::thread draining = base::start_thread("or-drain", [server = server_.get(), done] {
    const auto left = std::chrono::floor<milliseconds>(life().deadline() - Clock::now());
    // The hooks behind it need a moment of their own.
    server->drain(std::max(left - std::min(left / 10, kForHooks), 0ms));
    *done = true;
    life().look_again();
  });
  life().wait_for_hurry(*done);
  if (!*done) server_->drain(0ms);
  if (calls_ended()) {
    draining.join();
  } else {
    server_is_held_ = true;
    draining.detach();  // tidy: detach because a call that hangs holds it; end() leaves the server
  }
}

// An adopted program that asked for no hook meets the signal as it would have without us: its own
// handler, a sigwait() of its own, or the default, which ends it.
void Serving::pass_signal_on() {
  Control::get()->give_back(SIGTERM);
  kill(getpid(), SIGTERM);
}

// How long the end waits for what should be over: not beyond the deadline, by much.
milliseconds Serving::patience(milliseconds longest) const {
  const auto left = std::chrono::floor<milliseconds>(life().deadline() - Clock::now());
  return std::clamp(left, kPatienceAtLeast, longest);
}

// The server is drained: what is under way now did not keep to the deadline, or was cut off.
bool Serving::calls_ended() const {
  const Clock::time_point until = Clock::now() + patience(500ms);
  while (calls_under_way_.load(std::memory_order_relaxed) != 0) {
    if (Clock::now() >= until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

void Serving::end(int status) {
  life().exiting();
  life().set_gates({});
  parts_.runner = nullptr;
  const bool checks_ended = checks_ == nullptr || checks_->stop(patience(1s));
  const bool all_ended = checks_ended && !server_is_held_ && calls_ended();
  // Closing joins the pool: a call that does not return would hold it, and with it the end.
  if (all_ended) server_.reset();
  std::vector<internal::StopHook> hooks = parts_.stop_hooks;
  for (internal::StopHook& hook : life().stop_hooks()) hooks.push_back(std::move(hook));
  for (const internal::StopHook& hook : hooks) guarded_and_logged("on_stop", hook);
  if (!all_ended) {
    log::info("{what} still under way: ending without the destructors of static objects",
              checks_ended ? "an operation is" : "a check is");
  }
  log::info("ended");
  keeper_.reset();
  if (all_ended) return;
  // The thread may be using what main() and exit() would take away under it, and a crash at the
  // very end would be told as the service's own.
  fflush(nullptr);
  _exit(status);
}

}  // namespace outrigger::service

namespace outrigger {

void ready() noexcept {
  if (!service::life().ready()) return;
  profile::look_at_crash_handlers();
  if (service::Control* control = service::Control::get()) control->say(segment::Word::kReady);
}

void stop() noexcept {
  if (service::Control* control = service::Control::get()) control->stop();
}

}  // namespace outrigger
