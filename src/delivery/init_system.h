// An init system, as -init needs it. One file each: systemd.cc, upstart.cc; a third one is a third
// file and a line in all_init_systems().
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/wanted.h"
#include "outrigger/result.h"

namespace outrigger::delivery {

// A file of the definition, as it stands in the init system's directory.
struct Definition {
  std::string path;  // "/etc/systemd/system/prober.service", without the root
  std::string text;
};
// A symbolic link by which it is started at boot.
struct Link {
  std::string path;
  std::string target;
};

// Pure: what the definition says.
struct Render {
  const Facts& facts;
  const InitWanted& wanted;
  std::string program;  // "/opt/prober/current/prober"
  int version = 0;      // of the init system; 0: not known, nothing recent may be used
};

class InitSystem {
 public:
  virtual ~InitSystem() = default;
  virtual std::string_view name() const = 0;
  // Whether it runs this machine.
  virtual bool runs_here() const = 0;
  // Whether it is what the system below `root` would be started by.
  virtual bool is_installed(const std::string& root) const = 0;
  virtual int version() const = 0;

  virtual std::vector<Definition> definitions(const Render& render) const = 0;
  virtual std::vector<Link> links(const Render& render) const = 0;

  // What is wrong with the definition at `paths`, by the init system's own checker; "" when there is
  // nothing, or no checker.
  virtual std::string wrong_with(const std::vector<std::string>& paths) const = 0;
  // Reads its definitions anew.
  virtual Result<void> reload() const = 0;
  // Starts or restarts it, and waits until it is up. `sockets_changed`: their definition is new.
  // False in `in_time` of the answer is an error, too.
  virtual Result<void> restart(const Facts& facts, bool sockets_changed,
                               std::chrono::milliseconds limit) const = 0;
  virtual void stop(const Facts& facts) const = 0;
  // 0 when it does not run.
  virtual pid_t main_pid(const Facts& facts) const = 0;
  // False once it has given up, or is about to try again.
  virtual bool may_become_ready(const Facts& facts) const = 0;
  // The last lines of the last start.
  virtual std::string last_log(const Facts& facts) const = 0;
};

std::unique_ptr<InitSystem> make_systemd();
std::unique_ptr<InitSystem> make_upstart();
std::vector<std::unique_ptr<InitSystem>> all_init_systems();

// systemd's definition: the service's unit, and the socket's where the service opens a port.
std::string service_unit(const Render& render);
std::string socket_unit(const Render& render);

// A word of a command line as systemd's unit files (systemd.service(5), COMMAND LINES) have it.
std::string systemd_word(std::string_view word);

}  // namespace outrigger::delivery
