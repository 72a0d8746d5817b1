#include "reach.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

namespace prober {
namespace {

// All addresses as IPv6, the older ones v4-mapped, so that there is one comparison.
using Address = std::array<unsigned char, 16>;
using V4 = std::array<unsigned char, 4>;

constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<unsigned char, 12> kNat64{0, 0x64, 0xff, 0x9b};
constexpr Address kAny{};
constexpr Address kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr Address kAwsMetadata{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};

Address mapped(const void* v4) {
  Address address;
  std::copy(kMapped.begin(), kMapped.end(), address.begin());
  memcpy(&address[12], v4, 4);
  return address;
}

bool begins_with(const Address& address, const std::array<unsigned char, 12>& prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

bool parse(std::string_view text, Address& address) {
  const std::string plain(text.substr(0, text.find('%')));  // fe80::1%eth0
  V4 v4;
  if (inet_pton(AF_INET, plain.c_str(), v4.data()) == 1) {
    address = mapped(v4.data());
    return true;
  }
  if (inet_pton(AF_INET6, plain.c_str(), address.data()) != 1) return false;
  if (begins_with(address, kNat64)) address = mapped(&address[12]);
  return true;
}

bool is_own(const Address& address) {
  ifaddrs* raw = nullptr;
  if (getifaddrs(&raw) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> list(raw, freeifaddrs);
  for (const ifaddrs* each = raw; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    Address own{};
    if (each->ifa_addr->sa_family == AF_INET) {
      own = mapped(&reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr);
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      memcpy(own.data(), &reinterpret_cast<const sockaddr_in6*>(each->ifa_addr)->sin6_addr,
             own.size());
    } else {
      continue;
    }
    if (own == address) return true;
  }
  return false;
}

}  // namespace

bool is_too_close(std::string_view text) {
  Address address;
  if (!parse(text, address)) return true;
  if (begins_with(address, kMapped)) {
    const unsigned char a = address[12], b = address[13];
    if (a == 0 || a == 127 || (a == 169 && b == 254)) return true;
  }
  const bool link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
  return address == kAny || address == kLoopback || address == kAwsMetadata || link_local ||
         is_own(address);
}

}  // namespace prober
