// A network by its addresses: "10.1.0.0/16", "2001:db8::/32", "192.0.2.7". IPv4 lies in IPv6 as RFC 4291
// maps it, so that a socket for both may show an address either way. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outrigger::base {

struct Network {
  std::array<uint8_t, 16> address{};
  unsigned bits = 128;  // of it count

  // "192.0.2.1", "2001:db8::1", "[2001:db8::1]". Text that is no address is in no network.
  bool has(std::string_view address) const;
};

// None when it is no such text, or when bits behind the prefix are set: then it is not clear which of
// the two was meant.
std::optional<Network> parse_network(std::string_view text);

}  // namespace outrigger::base
