// Listening sockets: from an address as a person writes it to a descriptor. All are close-on-exec
// and do not block.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "http/server.h"
#include "outrigger/result.h"

namespace outrigger::http {

struct ListeningSocket {
  base::Fd fd;
  std::string address;  // as bound
  bool inherited = false;
  std::string unlink_at_end;  // a Unix socket's path; empty for all else
};

// One of ServerOptions::listen. "localhost" gives the IPv4 socket and, where the machine has it,
// the IPv6 one on the same port. `option` is named when the address is taken: "choose another with
// --admin".
Result<std::vector<ListeningSocket>> listen_on(std::string_view address, std::string_view option);

// Takes `fd` over. An error when it is not a listening stream socket.
Result<ListeningSocket> adopt_listener(int fd);

// Who has connected through `fd`.
Peer peer_of(int fd);

// Sees to it that so many descriptors can be open, as far as the hard limit goes.
void raise_descriptor_limit(std::size_t wanted);

}  // namespace outrigger::http
