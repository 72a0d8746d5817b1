#include "admin/caller.h"

#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "fake_source.h"
#include "request_for.h"

namespace outrigger::admin {
namespace {

// STS is nowhere: whoever is heard is told 503, whoever is not heard 401.
class CallerTest : public testing::Test {
 protected:
  CallerTest() {
    source_.is_local = false;
    identity::Verifier::Options options;
    options.find = [](const http::Cancel*) { return identity::Verifier::Found{}; };
    access_.own_uid = 1000;
    access_.verifier = std::make_shared<identity::Verifier>(std::move(options));
  }
  static std::string token() {
    return identity::make_token({"https://sts.eu-west-1.amazonaws.com", "eu-west-1"}, "a/b/c",
                                {"ASIAEXAMPLE000000001", "secret", "session", {}},
                                std::time(nullptr));
  }
  int status(MadeRequest& made) {
    auto response = handler(source_, access_)(made.request);
    while (response.later != nullptr) {
      if (auto next = response.later->answer()) {
        response = std::move(*next);
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    return response.status;
  }

  FakeSource source_;
  Access access_;
};

TEST_F(CallerTest, is_heard_on_loopback_alone_unless_code_says_otherwise) {
  const std::string shown = token();
  const auto ask = [&](auto place) {
    MadeRequest made("GET", "/config");
    place(made);
    made.with("Authorization", shown);
    return status(made);
  };
  const auto loopback = [](MadeRequest& made) { made.from_loopback(); };
  const auto network = [](MadeRequest& made) { made.from_network(); };
  const auto other_user = [](MadeRequest& made) { made.from_unix(1234); };
  EXPECT_EQ(ask(loopback), 503);
  EXPECT_EQ(ask(other_user), 503);
  EXPECT_EQ(ask(network), 401);
  access_.proof_over_plaintext = true;
  EXPECT_EQ(ask(network), 503);
  access_.verifier = nullptr;
  EXPECT_EQ(ask(network), 401);
  EXPECT_EQ(ask(loopback), 401);
}

TEST_F(CallerTest, is_no_web_page_of_another_site) {
  const std::string shown = token();  // requests hold views
  MadeRequest page("GET", "/config");
  page.from_loopback().with("Authorization", shown).with("Origin", "https://evil.example");
  EXPECT_EQ(status(page), 401);
  MadeRequest own("GET", "/config");
  own.from_loopback().with("Authorization", shown).with("Origin", "http://localhost:8081");
  EXPECT_EQ(status(own), 503);
}

// A proxy's own password does not keep anybody from what everybody may see.
TEST_F(CallerTest, shows_a_token_and_no_other_authorization) {
  MadeRequest basic("GET", "/health");
  basic.from_loopback().with("Authorization", "Basic YTpi");
  EXPECT_EQ(status(basic), 200);
  MadeRequest secret("GET", "/config");
  secret.from_loopback().with("Authorization", "Basic YTpi");
  EXPECT_EQ(status(secret), 401);
}

// Who needs no proof is not asked for one.
TEST_F(CallerTest, is_asked_for_no_proof_where_he_is_known) {
  const std::string shown = token();
  MadeRequest own("GET", "/config");
  own.from_unix(1000).with("Authorization", shown);
  EXPECT_EQ(status(own), 200);
}

}  // namespace
}  // namespace outrigger::admin
