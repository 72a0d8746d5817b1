// `prober health [URL] [--json]`: asks the running service how it is.
//
// Without a URL the service is found by its keeper's abstract socket (router.h, socket_address), so
// no port needs to be known. The parts are pure and tested by themselves; health_command() puts
// them together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin/report.h"
#include "outrigger/result.h"

namespace outrigger::admin {

// One running service of that name.
struct Instance {
  uint32_t uid = 0;
  int supervisor_pid = 0;
  std::string address;  // "unix:@outrigger/1000/prober/4711"
};

// The listening ones among the lines of /proc/net/unix, oldest pid first. `suffix`: of another socket
// beside the keeper's.
std::vector<Instance> find_instances(std::string_view proc_net_unix, std::string_view service,
                                     std::string_view suffix = {});

// Those that are listening now: this user's, or all when there are none.
Result<std::vector<Instance>> running_instances(std::string_view service,
                                                std::string_view suffix = {});

enum class Paint { kPlain, kColours };

// Those of `uid`, or all when there are none: another user's service can be asked too, and says
// less.
std::vector<Instance> own_first(std::vector<Instance> instances, uint32_t uid);

// What a person needs of a /health page, some lines; `status` becomes what it says. An error when
// the text is no such page. Control characters in what the service says are replaced: a log entry
// cannot command the terminal.
Result<std::string> health_text(std::string_view json, Paint paint, Status& status);
// The same in one line.
Result<std::string> health_line(std::string_view json, Paint paint, Status& status);

// Prints to stdout, errors to stderr. 0: pass or warn; 1: fail, or no answer; 2: it cannot be asked
// like this. `argv` holds what stands behind "health".
int health_command(std::string_view service, int argc, char** argv);

}  // namespace outrigger::admin
