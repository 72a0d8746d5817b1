#include "base/network.h"

#include <gtest/gtest.h>

namespace outrigger::base {
namespace {

bool is_in(std::string_view network, std::string_view address) {
  const auto parsed = parse_network(network);
  EXPECT_TRUE(parsed) << network;
  return parsed && parsed->has(address);
}

TEST(Network, holds_its_addresses_and_no_others) {
  EXPECT_TRUE(is_in("10.1.0.0/16", "10.1.0.0"));
  EXPECT_TRUE(is_in("10.1.0.0/16", "10.1.255.255"));
  EXPECT_FALSE(is_in("10.1.0.0/16", "10.0.255.255"));
  EXPECT_FALSE(is_in("10.1.0.0/16", "10.2.0.0"));
  EXPECT_TRUE(is_in("10.0.0.8/29", "10.0.0.15"));
  EXPECT_FALSE(is_in("10.0.0.8/29", "10.0.0.16"));
  EXPECT_FALSE(is_in("10.0.0.8/29", "10.0.0.7"));
  EXPECT_TRUE(is_in("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(is_in("192.0.2.7", "192.0.2.8"));
  EXPECT_TRUE(is_in("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(is_in("0.0.0.0/0", "2001:db8::1"));
}

TEST(Network, of_ipv6_and_what_is_mapped_into_it) {
  EXPECT_TRUE(is_in("2001:db8::/32", "[2001:db8:ffff::1]"));
  EXPECT_FALSE(is_in("2001:db8::/32", "[2001:db9::1]"));
  EXPECT_TRUE(is_in("10.0.0.0/8", "[::ffff:10.1.2.3]"));
  EXPECT_FALSE(is_in("10.0.0.0/8", "[::ffff:11.1.2.3]"));
}

TEST(Network, is_nothing_else) {
  for (const char* text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0/8", "ten",
        "10.0.0.1/8", "2001:db8::/129", "2001:db8::1/32", "10.0.0.0/8/8", "10.0.0.0/0x8"})
    EXPECT_FALSE(parse_network(text)) << text;
  for (const char* text : {"", "10.0.0", "localhost", "10.0.0.1:80"})
    EXPECT_FALSE(is_in("0.0.0.0/0", text)) << text;
}

}  // namespace
}  // namespace outrigger::base
