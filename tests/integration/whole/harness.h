// Whole services, started as a stranger would: real processes, real signals, real sockets on
// loopback. A Program that goes out of scope is ended by its own pid.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::whole {

using namespace std::chrono_literals;

// How long a condition is waited for. Far more than it takes, for a machine with other things to do: wall times are
// printed, they gate nothing.
inline constexpr std::chrono::milliseconds kPatience = 60s;

// A directory in memory of the test's own, removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }

 private:
  std::string directory_;
};

std::string read_file(const std::string& path);

// Of loopback; nobody listens there now.
int free_port();

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::chrono::microseconds took{0};
};
// One GET (or another method) on a connection of its own; status 0 when there was no answer within
// `timeout`.
HttpAnswer http(int port, std::string_view path, std::string_view method = "GET",
                std::chrono::milliseconds timeout = kPatience, std::string_view headers = "");

// Polls until `holds` does; false when it did not within `limit`.
bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& holds);

struct StartOptions {
  std::vector<std::string> environment{};  // "NAME=VALUE", added
  std::string stdout_path{};               // default: a file in the scratch directory
  std::function<void()> in_child{};        // between fork and exec
};

class Program {
 public:
  Program(const std::string& file, const std::vector<std::string>& arguments,
          const StartOptions& options = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  // waitpid's status, or nothing within `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);
  // The exit status as a shell shows it; -1 when it did not end within `limit`.
  int exit_status(std::chrono::milliseconds limit);
  // Empty when stdout is a device.
  std::string out() const {
    return stdout_path_.starts_with("/dev/shm/") ? read_file(stdout_path_) : std::string();
  }
  std::string err() const { return read_file(stderr_path_); }

  // The admin port, from the line that the keeper prints; 0 when it did not come.
  int admin_port(std::chrono::milliseconds limit = kPatience);
  // The service's port, from its log line.
  int service_port(std::chrono::milliseconds limit = kPatience);
  // Children of the supervisor by what /health and the segment call them.
  pid_t service_pid();
  pid_t keeper_pid();
  // Throws where the service's pid is not known: kill(-1) would be everybody's.
  void signal_service(int signal);

 private:
  int port_after(std::string_view marker, std::chrono::milliseconds limit);

  Scratch scratch_;
  pid_t pid_ = -1;
  std::optional<int> status_;
  std::string stdout_path_;
  std::string stderr_path_;
  int admin_port_ = 0;  // 0: not known yet
  int service_port_ = 0;
};

// A number that follows `"name":` in one line of JSON; nothing when it is not there.
std::optional<int64_t> json_number(std::string_view json, std::string_view name);
std::string json_text(std::string_view json, std::string_view name);
void for_each_line(std::string_view text, const std::function<void(std::string_view)>& visit);

}  // namespace outrigger::whole
