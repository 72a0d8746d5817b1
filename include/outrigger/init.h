// How a service is installed on a machine: what `SERVICE -init` does besides copying the file and
// writing its definition for the init system, and what that definition allows the service.
//
//     service.on_init("swappiness", [](const InitPlace& place) { return put(place, "1"); },
//                     [](const InitPlace& place) { put(place, "60"); });
//     service.unit({.open_files = 1'000'000, .devices = {"/dev/nvidia0"}});
//
// docs/delivery.md tells the whole.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "outrigger/result.h"

namespace outrigger {

// What the definition allows beyond the default, which is: nothing to write to, no capability, no
// device, no executable memory that was writable, no real-time scheduling.
struct UnitOptions {
  // The account it runs under; it must exist. "": one of the service's own, made by the init system
  // for as long as the service runs (systemd), or nobody (upstart).
  std::string user{};
  unsigned open_files = 65'536;
  std::uint64_t memory_bytes_max = 0;       // 0: no limit
  unsigned tasks_max = 0;                   // processes and threads; 0: the init system's own limit
  std::vector<std::string> devices{};       // "/dev/nvidia0", to read and write
  std::vector<std::string> writable{};      // paths; each is a thing that the next machine lacks
  std::vector<std::string> capabilities{};  // "CAP_NET_RAW", without CAP_NET_BIND_SERVICE: sockets
                                            // are opened by the init system
  bool jit = false;        // it makes code at run time: writable memory may become executable
  bool real_time = false;  // it may ask for real-time scheduling
};

// Where a step of -init works.
struct InitPlace {
  std::string root;     // "" on a running machine; DIR with --root DIR, where an image is built
  std::string service;  // the service's name
};

namespace internal {

struct InitStep {
  std::string name;
  std::function<Result<void>(const InitPlace&)> act;
  std::function<void(const InitPlace&)> undo;  // may be empty
};

// `function` takes an InitPlace or nothing, and returns Result<void> or nothing.
template <typename Function>
std::function<Result<void>(const InitPlace&)> init_function(Function function) {
  return [function = std::move(function)](const InitPlace& place) mutable -> Result<void> {
    if constexpr (std::invocable<Function&, const InitPlace&>) {
      if constexpr (std::is_void_v<std::invoke_result_t<Function&, const InitPlace&>>) {
        function(place);
        return {};
      } else {
        return function(place);
      }
    } else if constexpr (std::is_void_v<std::invoke_result_t<Function&>>) {
      function();
      return {};
    } else {
      return function();
    }
  };
}

}  // namespace internal
}  // namespace outrigger
