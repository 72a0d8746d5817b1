// The listening sockets that an init system opened for this process, as sd_listen_fds(3) says:
// LISTEN_PID names the process, LISTEN_FDS their number from descriptor 3 on, LISTEN_FDNAMES their
// names with colons between (FileDescriptorName= of the socket unit).
//
// One named "admin" is the admin port's, all others are the service's.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace outrigger::base {

inline constexpr int kHandedFirst = 3;  // SD_LISTEN_FDS_START of sd-daemon.h
inline constexpr int kHandedMax = 32;
inline constexpr std::string_view kHandedAdmin = "admin";

struct HandedVariables {
  const char* pid = nullptr;  // nullptr: not set
  const char* count = nullptr;
  const char* names = nullptr;
};

class HandedSockets {
 public:
  HandedSockets(const HandedVariables& variables, int pid) {
    if (number(variables.pid) != pid || pid <= 0) return;
    const int handed = std::clamp(number(variables.count), 0, kHandedMax);
    std::string_view names = variables.names != nullptr ? variables.names : "";
    for (int i = 0; i < handed; ++i) {
      const size_t colon = std::min(names.find(':'), names.size());
      const bool is_admin = names.substr(0, colon) == kHandedAdmin;
      names.remove_prefix(std::min(colon + 1, names.size()));
      Descriptors& to = is_admin ? admin_ : service_;
      to.add(kHandedFirst + i);
    }
  }
  static HandedSockets own() {
    return {{getenv("LISTEN_PID"), getenv("LISTEN_FDS"), getenv("LISTEN_FDNAMES")}, getpid()};
  }

  struct Descriptors {
    std::array<int, kHandedMax> fds{};
    int count = 0;
    void add(int fd) { fds[static_cast<size_t>(count++)] = fd; }
    const int* begin() const { return fds.data(); }
    const int* end() const { return fds.data() + count; }
  };
  const Descriptors& service() const { return service_; }
  const Descriptors& admin() const { return admin_; }

 private:
  // -1 for what is no number.
  static int number(const char* text) {
    const std::string_view digits = text != nullptr ? text : "";
    int value = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() ? value : -1;
  }

  Descriptors service_;
  Descriptors admin_;
};

}  // namespace outrigger::base
