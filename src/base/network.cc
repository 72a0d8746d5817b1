#include "base/network.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <string>

namespace outrigger::base {
namespace {

constexpr unsigned kMappedBits = 96;

// False when it is none. `is_v4`: it was written as one.
bool parse_address(std::string_view text, std::array<uint8_t, 16>& address, bool& is_v4) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string copy(text);
  is_v4 = text.find(':') == std::string_view::npos;
  if (!is_v4) return inet_pton(AF_INET6, copy.c_str(), address.data()) == 1;
  address = {};
  address[10] = address[11] = 0xff;
  return inet_pton(AF_INET, copy.c_str(), address.data() + 12) == 1;
}

bool equal(const std::array<uint8_t, 16>& a, const std::array<uint8_t, 16>& b, unsigned bits) {
  if (memcmp(a.data(), b.data(), bits / 8) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) & (0xff00u >> rest & 0xff)) == 0;
}

}  // namespace

bool Network::has(std::string_view text) const {
  std::array<uint8_t, 16> other;
  bool is_v4 = false;
  return parse_address(text, other, is_v4) && equal(address, other, bits);
}

std::optional<Network> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  Network network;
  bool is_v4 = false;
  if (!parse_address(text.substr(0, slash), network.address, is_v4)) return std::nullopt;
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), network.bits);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      network.bits > (is_v4 ? 32u : 128u))
    return std::nullopt;
  if (is_v4) network.bits += kMappedBits;
  std::array<uint8_t, 16> first{};
  for (unsigned bit = 0; bit < network.bits; ++bit)
    first[bit / 8] |= static_cast<uint8_t>(network.address[bit / 8] & (0x80u >> bit % 8));
  return first == network.address ? std::optional(network) : std::nullopt;
}

}  // namespace outrigger::base
