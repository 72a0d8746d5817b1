// Settings and options: values that a service declares in code and reads when it serves.
//
// A setting is found by the environment the service runs in; nobody types it. On an EC2 instance it
// is looked up by its name: in the instance's tags, its Auto Scaling group's tags, the outputs of
// its CloudFormation stack (in containers of the one that --stack names); then, anywhere but locally, in the places that the setting names; then
// comes what is hard-coded. The first place that holds it wins. `config` and GET /config say which
// one that was, and what it shadowed.
//
// An option is typed by who starts the service: --every 10s, or OUTRIGGER_EVERY=10s.
//
// Both are handles, cheap to copy into the functions that use them. They have their default until
// run() or adopt() begins, and keep one value from then on: reading needs no lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outrigger/internal/value.h"

namespace outrigger {

// What sort of place the service runs in. The environment's own name ("prod-eu") is kept beside it.
enum class EnvironmentKind { kLocal, kStaging, kProduction };

template <typename T>
struct SettingOptions {
  std::optional<T> in_local{};
  std::optional<T> in_staging{};
  std::optional<T> in_production{};
  // Wherever none of the above holds. Without it the start fails where nothing was given.
  std::optional<T> otherwise{};
  std::string help{};
  // Shown as "***" everywhere.
  bool secret = false;

  // Places of this setting's own, "" where there is none. They are asked in this order.
  // Parameter Store: "/orders/table". Needs ssm:GetParameters.
  std::string parameter{};
  // Secrets Manager: "orders/db", or "orders/db#password", a member of the secret's JSON text. Needs
  // secretsmanager:GetSecretValue.
  std::string secret_id{};
  // A variable of the environment, locally too: "ORDERS_TABLE".
  std::string variable{};
  // Locators: the value is "host:port,host:port". Cloud Map: "namespace/service", which needs
  // servicediscovery:DiscoverInstances. Consul: a service's name, asked of CONSUL_HTTP_ADDR
  // (127.0.0.1:8500). DNS: "_orders._tcp.example.com".
  std::string cloud_map{};
  std::string consul{};
  std::string srv{};
};

template <typename T>
struct OptionOptions {
  T otherwise{};
  std::string help{};
};

namespace internal {

struct SettingSources {
  std::string parameter;
  std::string secret_id;
  std::string variable;
  std::string cloud_map;
  std::string consul;
  std::string srv;
  std::chrono::milliseconds refresh{0};  // 0: asked once, at the start
};

struct SettingInfo {
  std::string name;
  std::string help;
  std::string_view type;
  bool secret = false;
  SettingSources sources;
  std::optional<std::string> in_local;
  std::optional<std::string> in_staging;
  std::optional<std::string> in_production;
  std::optional<std::string> otherwise;
  std::function<Result<void>(std::string_view text)> set;
};

struct OptionInfo {
  std::string name;
  std::string help;
  std::string_view type;
  std::string default_text;
  bool repeats = false;
  std::function<Result<void>(const std::vector<std::string>& texts)> set;
};

// For tests (testing.h).
struct SettingCell;

template <Value T>
std::optional<std::string> optional_text(const std::optional<T>& value) {
  return value ? std::optional<std::string>(value_text(*value)) : std::nullopt;
}

}  // namespace internal

template <typename T>
class Setting {
 public:
  // Without a service, for tests: a fixed value.
  explicit Setting(T value) : value_(std::make_shared<T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

 private:
  friend class Service;
  friend struct internal::SettingCell;
  std::shared_ptr<T> value_;
};

template <typename T>
class Option {
 public:
  explicit Option(T value) : value_(std::make_shared<T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

 private:
  friend class Service;
  std::shared_ptr<T> value_;
};

}  // namespace outrigger
