// Where another service answers: a list of addresses that is looked up again and again, while the
// service runs.
//
//     auto stock = orders.locator("Stock", {.in_local = {{"127.0.0.1:9000"}}, .cloud_map = "shop/stock"});
//     for (const std::string& address : stock.addresses()) ...    // "10.0.0.7:8080"
//
// The keeper asks; the service reads the last good answer. A locator that gives none later keeps the
// one before, and the health page says so.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outrigger {

struct LocatorOptions {
  // Without asking anybody, "host:port" each; as for a setting. Locally nobody is asked.
  std::optional<std::vector<std::string>> in_local{};
  std::optional<std::vector<std::string>> in_staging{};
  std::optional<std::vector<std::string>> in_production{};
  // Without it the start fails where nothing was found.
  std::optional<std::vector<std::string>> otherwise{};
  std::string help{};
  // Asked in this order, the first that has an address is the answer; "" where there is none. Cloud
  // Map: "namespace/service", which needs servicediscovery:DiscoverInstances. Consul: a service's
  // name, asked of CONSUL_HTTP_ADDR (127.0.0.1:8500). DNS: "_orders._tcp.example.com".
  std::string cloud_map{};
  std::string consul{};
  std::string srv{};
  // Between two look-ups; at least 100 ms.
  std::chrono::milliseconds every{10'000};
};

namespace internal {
struct LocatorState;
}

// A handle, cheap to copy. Any thread.
class Locator {
 public:
  // Without a service, for tests: a fixed list.
  explicit Locator(std::vector<std::string> addresses);

  // As of the last good answer; may be empty only where `otherwise` is.
  std::vector<std::string> addresses() const;

 private:
  friend class Service;
  std::shared_ptr<internal::LocatorState> state_;
};

}  // namespace outrigger
