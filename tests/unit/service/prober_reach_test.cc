#include "reach.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <string>

namespace prober {
namespace {

TEST(Reach, this_machine_and_its_link_in_every_spelling) {
  for (const char* address : {"127.0.0.1",
                              "127.255.255.254",
                              "0.0.0.0",
                              "0.1.2.3",
                              "169.254.169.254",
                              "169.254.170.2",
                              "::1",
                              "::",
                              "fe80::1",
                              "fe80::1%eth0",
                              "febf::1",
                              "fd00:ec2::254",
                              "::ffff:127.0.0.1",
                              "::ffff:7f00:1",
                              "::ffff:169.254.169.254",
                              "64:ff9b::127.0.0.1",
                              "64:ff9b::a9fe:a9fe",
                              "",
                              "localhost",
                              "127.1",
                              "garbage"}) {
    EXPECT_TRUE(is_too_close(address)) << address;
  }
}

TEST(Reach, other_machines_private_networks_among_them) {
  for (const char* address :
       {"192.0.2.1", "10.255.255.254", "172.31.255.254", "192.168.255.254", "169.253.1.1",
        "2001:db8::1", "fec0::1", "fd12:3456::1", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1"}) {
    EXPECT_FALSE(is_too_close(address)) << address;
  }
}

TEST(Reach, every_interface_of_this_machine) {
  ifaddrs* list = nullptr;
  ASSERT_EQ(getifaddrs(&list), 0);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    char text[INET6_ADDRSTRLEN] = "";
    if (each->ifa_addr->sa_family == AF_INET) {
      inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(each->ifa_addr)->sin_addr, text,
                sizeof text);
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6*>(each->ifa_addr)->sin6_addr, text,
                sizeof text);
    } else {
      continue;
    }
    EXPECT_TRUE(is_too_close(text)) << text;
  }
  freeifaddrs(list);
}

}  // namespace
}  // namespace prober
