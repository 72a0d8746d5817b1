#include "http/url.h"

#include <gtest/gtest.h>

namespace outrigger::http {
namespace {

TEST(ParseUrl, takes_a_plain_one_apart) {
  const auto url = parse_url("http://Example.org/a/b?c=d#e");
  ASSERT_TRUE(url);
  EXPECT_FALSE(url->tls);
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, 80);
  EXPECT_EQ(url->authority, "example.org");
  EXPECT_EQ(url->target, "/a/b?c=d");
}

TEST(ParseUrl, knows_the_scheme_s_port_and_leaves_it_out_of_the_authority) {
  EXPECT_EQ(parse_url("https://example.org")->port, 443);
  EXPECT_EQ(parse_url("https://example.org:443/")->authority, "example.org");
  EXPECT_EQ(parse_url("https://example.org:8443/")->authority, "example.org:8443");
  EXPECT_EQ(parse_url("http://example.org:/")->port, 80);
}

TEST(ParseUrl, fills_in_the_path) {
  EXPECT_EQ(parse_url("http://a")->target, "/");
  EXPECT_EQ(parse_url("http://a?b=c")->target, "/?b=c");
  EXPECT_EQ(parse_url("http://a#b")->target, "/");
}

TEST(ParseUrl, reads_ipv6_literals) {
  const auto url = parse_url("http://[2001:DB8::1]:8080/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "2001:DB8::1");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->authority, "[2001:db8::1]:8080");
}

TEST(ParseUrl, encodes_what_is_not_ascii) {
  EXPECT_EQ(parse_url("http://a/\xc3\xa4")->target, "/%C3%A4");
}

TEST(ParseUrl, refuses_what_is_no_url) {
  for (const char* text : {"",
                           "a",
                           "/path",
                           "ftp://a/",
                           "http:/a",
                           "http://",
                           "http:///x",
                           "http://:80/",
                           "http://a:0/",
                           "http://a:65536/",
                           "http://a:8o/",
                           "http://a:-1/",
                           "http://[::1/",
                           "http://[::1]x/",
                           "http://[1.2.3.4]/",
                           "http://a b/",
                           "http://a/b c",
                           "http://a/\n",
                           "http://a\r\nHost: b/",
                           "http://a/%\x01",
                           "http://\xc3\xa4/",
                           "://a",
                           "ht tp://a"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::kBadInput) << text;
  }
}

TEST(ParseUrl, refuses_a_nul_wherever_it_stands) {
  for (const std::string_view text :
       {std::string_view("http://[::1\0]/", 15), std::string_view("http://a\0b/", 12),
        std::string_view("http://a/\0", 10), std::string_view("http://a:8\0/", 13)}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(ParseUrl, does_not_repeat_a_password) {
  const auto url = parse_url("http://user:secret@example.org/");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message.find("secret"), std::string::npos);
}

TEST(ParseTarget, decodes_path_and_query) {
  const auto target = parse_target("/a%20b/c+d?e=f%26g&h+i=+j&&k&l=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a b/c+d");
  const Query expected = {{"e", "f&g"}, {"h i", " j"}, {"k", ""}, {"l", ""}};
  EXPECT_EQ(target->query, expected);
}

TEST(ParseTarget, accepts_what_a_proxy_would_send) {
  EXPECT_EQ(parse_target("http://host:80/path?x=1")->path, "/path");
  EXPECT_EQ(parse_target("HTTP://host")->path, "/");
}

TEST(ParseTarget, refuses_bad_escapes_and_control_characters) {
  for (const char* text : {"", "*", "host:80", "a/b", "/%", "/%2", "/%zz", "/%00", "/a%0ab", "/%7f",
                           "/?a=%", "/?%g0=1", "/?a=%2", "ftp://a/b"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(SplitHostPort, wants_exactly_one_of_each) {
  EXPECT_EQ(split_host_port("a:1")->host, "a");
  EXPECT_EQ(split_host_port("[::1]:65535")->port, 65535);
  EXPECT_EQ(split_host_port(":0")->host, "");
  for (const char* text :
       {"", "a", "a:", "::1", "::1:80", "[::1]", "[]:1", "[a]:1", "a:65536", "a:1x", "a:-1"}) {
    EXPECT_FALSE(split_host_port(text)) << text;
  }
}

}  // namespace
}  // namespace outrigger::http
