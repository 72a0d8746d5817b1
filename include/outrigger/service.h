// A service: its declaration, its life, and the two ways to start it.
//
//     int main(int argc, char** argv) {
//       Service hello{{.name = "hello", .about = "Greets people."}};
//       ...
//       return run(argc, argv, hello);
//     }
//
// A program that has a main, flags and a server of its own keeps them:
//
//     int main(int argc, char** argv) {
//       return outrigger::adopt({.name = "orders"}, argc, argv, old_main);
//     }
//
// A service's life:
//
//     starting ─ on_start done, port open ─► running ─ drain ─► draining ─ work done ─► exiting
//
// A drain begins with SIGTERM or SIGINT, or stop(). /readyz says no at once; for the lame-duck time
// the service goes on accepting, so that load balancers notice; then it finishes what it has, calls
// on_drain, then on_stop, and ends. All of it within the stop budget, whose last fifth (at most 5
// s) belongs to the flush of logs. A second signal cuts it short.
//
// Declare everything before run(); a Service is not thread-safe while it is being declared.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "outrigger/alarm.h"
#include "outrigger/call.h"
#include "outrigger/health.h"
#include "outrigger/init.h"
#include "outrigger/locator.h"
#include "outrigger/operation.h"
#include "outrigger/result.h"
#include "outrigger/setting.h"

namespace outrigger {

struct ServiceOptions {
  std::string name{};   // lower-case letters, digits, dashes; the default is the file's own name
  std::string about{};  // one sentence, for help
  std::chrono::milliseconds stop_budget{25'000};
  // How long a draining service still accepts. Locally it is always 0.
  std::chrono::milliseconds lame_duck{5'000};
  // How many operations may run at a time over HTTP; one more waits its turn. A thread each, which
  // costs little while it has nothing to do.
  unsigned threads = 16;
  // Which output of its CloudFormation stack names the log group of the service: "LogGroupName". The
  // stack is that of the EC2 instance, or the one that --stack names. Without one the group is
  // /outrigger/SERVICE/ENVIRONMENT; created when missing.
  std::string log_group_output{};
  // Likewise the S3 bucket for the heap profile that a service leaves when its memory runs out:
  // "ProfilesBucketName". Without one, or where S3 does not take it in time, it goes into the log, in
  // pieces.
  std::string profiles_bucket_output{};
  // Networks from which everybody sees the admin port's private pages, by the address that the kernel
  // says: "10.1.0.0/16", "2001:db8::/32". Only where nobody else can send from there: a range that a
  // security group lets through. What is said travels in the open without `admin_certificate`.
  std::vector<std::string> admin_networks{};
  // Who may see the admin port's private pages from elsewhere, besides this user on this machine: IAM
  // roles, "arn:aws:iam::123456789012:role/Operators". `prober --as-iam health URL` proves one to have
  // such a role. Each proof costs one call of STS.
  std::vector<std::string> admin_roles{};
  // Whether such a proof counts where others may listen, that is, neither over TLS nor from this very
  // machine. It is good once, for a minute and for this instance alone; but who can change what is on
  // the way can use it in the caller's place, and reads the answer.
  bool admin_roles_over_plaintext = false;
  // TLS on the admin port, which goes on taking plaintext beside it. "self-signed": a key and a
  // certificate made when the port opens, in memory; the log tells its SHA-256, which a client names
  // (`prober health https://HOST:8081 --fingerprint SHA256`). Anything else is the name of a secret in
  // Secrets Manager: PEM, the certificate, its chain, the private key without a password, as ACM
  // exports them.
  std::string admin_certificate{};
  // How long a start looks for settings, anywhere but locally. What cannot be asked within it is
  // passed over.
  std::chrono::milliseconds start_budget{10'000};
  // A service whose beat is silent for so long is reported as hanging, with the stacks of all its
  // threads; 0: never.
  std::chrono::milliseconds hang_report_after{5'000};
  // adopt() only: the service is ready when it calls ready(), not already when its main begins.
  bool ready_when_called = false;
  // Those that every service has (alarm.h).
  bool default_alarms = true;
  // Metrics whose answer from CloudWatch was lost are not sent again: a sum may then be too low, and
  // never too high.
  bool metrics_at_most_once = false;
};

namespace internal {

using StartHook = std::function<Result<void>()>;
using DrainHook = std::function<void(Deadline)>;
using StopHook = std::function<void()>;

void add_option(ServiceParts& parts, OptionInfo option);
void add_setting(ServiceParts& parts, SettingInfo setting);

template <std::invocable Function>
StartHook start_hook(Function function) {
  if constexpr (std::is_void_v<std::invoke_result_t<Function&>>) {
    return [function = std::move(function)]() mutable -> Result<void> {
      function();
      return {};
    };
  } else {
    return StartHook(std::move(function));
  }
}
template <typename Function>
  requires std::invocable<Function&> || std::invocable<Function&, Deadline>
DrainHook drain_hook(Function function) {
  if constexpr (std::invocable<Function&, Deadline>) {
    return DrainHook(std::move(function));
  } else {
    return [function = std::move(function)](Deadline) mutable { function(); };
  }
}

void add_start_hook(StartHook hook);
void add_drain_hook(DrainHook hook);
void add_stop_hook(StopHook hook);

}  // namespace internal

class Service {
 public:
  explicit Service(ServiceOptions options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Something the service does for its callers (operation.h).
  OperationBuilder<> operation(std::string name, std::string about) {
    internal::OperationInfo info;
    info.name = std::move(name);
    info.about = std::move(about);
    return {*parts_, std::move(info), {}};
  }

  // Something the service looks after (health.h). May also be called from on_start, when options
  // are known.
  void check(std::string name, CheckOptions options, std::function<CheckResult()> function);

  // What is to wake somebody (alarm.h). Letters and digits, the first a letter.
  AlarmBuilder alarm(std::string name);

  // What the keeper measures by itself and what of it is sent (system_metrics.h). At most once.
  void system_metrics(metrics::SystemOptions options);

  // An option of `run` and of the service's operations as commands: --NAME VALUE, or
  // OUTRIGGER_NAME. T is a bool (then --NAME alone means true), a number, a std::string, a chrono
  // duration, or a std::vector of these (repeatable).
  template <typename T>
  Option<T> option(std::string name, OptionOptions<T> options);

  // Addresses of another service, looked up as long as this one runs (locator.h).
  Locator locator(std::string name, LocatorOptions options);

  // A value found by the environment (setting.h).
  template <internal::Value T>
  Setting<T> setting(std::string name, SettingOptions<T> options);

  // Before the port opens. The function returns void, or Result<void>, whose error ends the start
  // with that sentence.
  template <std::invocable Function>
  void on_start(Function function) {
    add_start_hook(internal::start_hook(std::move(function)));
  }
  // After the last request was answered: end what runs on its own. It may take the deadline as a
  // parameter.
  template <typename Function>
  void on_drain(Function function) {
    add_drain_hook(internal::drain_hook(std::move(function)));
  }
  // The last thing that the service does.
  void on_stop(std::function<void()> function);

  // A step of `-init` (init.h), in the order of declaration, before the service is started: a
  // sysctl, a directory, a user. It may find its work done already. `undo` is called when a later
  // step fails. Both take an InitPlace or nothing; `function` returns void, or Result<void>.
  template <typename Function>
  void on_init(std::string name, Function function) {
    add_init_step({std::move(name), internal::init_function(std::move(function)), {}});
  }
  template <typename Function, typename Undo>
  void on_init(std::string name, Function function, Undo undo) {
    add_init_step({std::move(name), internal::init_function(std::move(function)),
                   [back = internal::init_function(std::move(undo))](const InitPlace& place) {
                     (void)back(place);
                   }});
  }
  // What the definition that `-init` writes allows the service (init.h).
  void unit(UnitOptions options);

  internal::ServiceParts& parts() const { return *parts_; }

 private:
  void add_start_hook(internal::StartHook hook);
  void add_drain_hook(internal::DrainHook hook);
  void add_init_step(internal::InitStep step);

  std::unique_ptr<internal::ServiceParts> parts_;
};

// Does what the command line asks: runs the service, or one of its commands. Returns main's exit
// status.
int run(int argc, char** argv, Service& service);

// The same for a program with a main of its own. A leading contract word (version, help, health,
// config, op ...) is answered here; everything else reaches `old_main` untouched, and its result is
// returned.
int adopt(ServiceOptions options, int argc, char** argv, int (*old_main)(int argc, char** argv));
// With settings, checks and operations besides.
int adopt(Service& service, int argc, char** argv, int (*old_main)(int argc, char** argv));

// For adopted programs, which have no Service object at hand.
//
// on_start: call it before adopt(); runs before `old_main`, in the service alone, and may fail as
// Service::on_start's function does. on_drain: called when a drain begins, after the lame-duck
// time. Then `old_main` should return. Without any, the program meets its SIGTERM as it always did.
// on_stop: the last thing, after `old_main` has returned.
template <std::invocable Function>
void on_start(Function function) {
  internal::add_start_hook(internal::start_hook(std::move(function)));
}
template <typename Function>
void on_drain(Function function) {
  internal::add_drain_hook(internal::drain_hook(std::move(function)));
}
inline void on_stop(std::function<void()> function) {
  internal::add_stop_hook(std::move(function));
}

// With ServiceOptions::ready_when_called: from now on /readyz says yes.
void ready() noexcept;

// What /readyz says: started, not draining, and every check that gates readiness passes. Any
// thread.
bool is_ready() noexcept;

// For programs that tell somebody else: `tell` is called with what is_ready() says, at once and
// then at each change, which a drain makes when it begins and a check within half a second. From a
// thread of its own; never after the destructor.
class ReadinessWatch {
 public:
  explicit ReadinessWatch(std::function<void(bool ready)> tell);
  ~ReadinessWatch();
  ReadinessWatch(const ReadinessWatch&) = delete;
  ReadinessWatch& operator=(const ReadinessWatch&) = delete;

 private:
  std::atomic<bool> ending_{false};
  std::thread watcher_;
};

// Begins the drain, as SIGTERM would. Returns at once; any thread.
void stop() noexcept;

// --- the templates' bodies ---------------------------------------------------------------------

template <typename T>
Option<T> Service::option(std::string name, OptionOptions<T> options) {
  Option<T> handle(options.otherwise);
  internal::OptionInfo info{name, std::move(options.help), {}, {}, false, {}};
  if constexpr (internal::kIsVector<T>) {
    using Element = typename T::value_type;
    static_assert(internal::Value<Element>,
                  "an option's elements are bools, numbers, text or durations");
    info.type = internal::type_name<Element>();
    info.repeats = true;
    for (const Element& element : options.otherwise) {
      info.default_text += (info.default_text.empty() ? "" : " ") + internal::value_text(element);
    }
    info.set = [name, cell = handle.value_](const std::vector<std::string>& texts) -> Result<void> {
      T values;
      for (const std::string& text : texts) {
        Result<Element> value = internal::parse_value<Element>(name, text);
        if (!value.ok()) return value.error();
        values.push_back(std::move(*value));
      }
      *cell = std::move(values);
      return {};
    };
  } else {
    static_assert(internal::Value<T>,
                  "an option is a bool, a number, text, a duration, or a std::vector of these");
    info.type = internal::type_name<T>();
    info.default_text = internal::value_text(options.otherwise);
    info.set = [name, cell = handle.value_](const std::vector<std::string>& texts) -> Result<void> {
      Result<T> value = internal::parse_value<T>(name, texts.back());
      if (!value.ok()) return value.error();
      *cell = std::move(*value);
      return {};
    };
  }
  internal::add_option(*parts_, std::move(info));
  return handle;
}

template <internal::Value T>
Setting<T> Service::setting(std::string name, SettingOptions<T> options) {
  using internal::optional_text;
  Setting<T> handle(options.in_local ? *options.in_local : options.otherwise.value_or(T{}));
  internal::add_setting(
      *parts_,
      internal::SettingInfo{name,
                            std::move(options.help),
                            internal::type_name<T>(),
                            options.secret,
                            {options.parameter,
                             options.secret_id,
                             options.variable,
                             options.cloud_map,
                             options.consul,
                             options.srv,
                             {}},
                            optional_text(options.in_local),
                            optional_text(options.in_staging),
                            optional_text(options.in_production),
                            optional_text(options.otherwise),
                            [name, cell = handle.value_](std::string_view text) -> Result<void> {
                              Result<T> value = internal::parse_value<T>(name, text);
                              if (!value.ok()) return value.error();
                              *cell = std::move(*value);
                              return {};
                            }});
  return handle;
}

}  // namespace outrigger
