#include "admin/exposure.h"

#include <gtest/gtest.h>

#include "request_for.h"

namespace outrigger::admin {
namespace {

constexpr uint32_t kOwn = 1000;
constexpr bool kLocal = true, kElsewhere = false;

Trust trust(const MadeRequest& made, bool local) { return trust_in(made.request, local, kOwn); }

TEST(TrustIn, locally_whoever_reaches_the_port_is_an_insider) {
  EXPECT_EQ(trust(MadeRequest("GET", "/").from_loopback(), kLocal), Trust::kInsider);
  EXPECT_EQ(trust(MadeRequest("GET", "/").from_network().with("Host", "dev.example.org"), kLocal),
            Trust::kInsider);
  EXPECT_EQ(trust(MadeRequest("GET", "/").from_unix(1234), kLocal), Trust::kInsider);
}

TEST(TrustIn, elsewhere_only_the_same_user_s_and_root_s_socket_is) {
  EXPECT_EQ(trust(MadeRequest("GET", "/").from_loopback(), kElsewhere), Trust::kStranger);
  EXPECT_EQ(trust(MadeRequest("GET", "/").from_network(), kElsewhere), Trust::kStranger);
  EXPECT_EQ(trust(MadeRequest("GET", "/").from_unix(1234), kElsewhere), Trust::kStranger);
  EXPECT_EQ(trust(MadeRequest("GET", "/").from_unix(kOwn), kElsewhere), Trust::kInsider);
  EXPECT_EQ(trust(MadeRequest("GET", "/").from_unix(0), kElsewhere), Trust::kInsider);
}

TEST(TrustIn, a_web_page_that_was_pointed_at_loopback_is_a_stranger) {
  const auto with_host = [](std::string_view host) {
    return trust(MadeRequest("GET", "/").from_loopback().with("Host", host), kLocal);
  };
  for (const char* host : {"localhost", "localhost:8081", "127.0.0.1:8081", "[::1]:8081",
                           "devbox:8081", "devbox", "prober.localhost:8081", "192.0.2.7:1", ""}) {
    EXPECT_EQ(with_host(host), Trust::kInsider) << host;
  }
  for (const char* host :
       {"evil.example.org", "evil.example.org:8081", "127.0.0.1.evil.example.org:8081",
        "localhost.evil.org", "evil.org.:8081"}) {
    EXPECT_EQ(with_host(host), Trust::kStranger) << host;
  }
}

TEST(TrustIn, a_form_of_another_site_is_a_stranger) {
  const auto with_origin = [](std::string_view origin) {
    return trust(MadeRequest("POST", "/")
                     .from_loopback()
                     .with("Host", "localhost:8080")
                     .with("Origin", origin),
                 kLocal);
  };
  EXPECT_EQ(with_origin("http://localhost:8080"), Trust::kInsider);
  for (const char* origin : {"http://evil.example.org", "null", "http://localhost:3000", "http://"})
    EXPECT_EQ(with_origin(origin), Trust::kStranger) << origin;
}

}  // namespace
}  // namespace outrigger::admin
