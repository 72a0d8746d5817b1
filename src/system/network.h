// What a process's network interfaces received and sent: those of its network name space, which in a
// container is the container's.
#pragma once

#include <optional>
#include <string_view>

#include "system/text.h"

namespace outrigger::system {

struct Network {
  double received_bytes = 0;
  double sent_bytes = 0;
  double errors = 0;  // in error or dropped, both directions
};

// Of /proc/PID/net/dev, without loopback and the machine's ends of containers' interfaces, whose
// bytes also pass a real one. None when it is no such file.
std::optional<Network> parse_net_dev(std::string_view net_dev);

std::optional<Network> read_network(const Places& places, int pid);

}  // namespace outrigger::system
