#include "identity/verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "fake_aws.h"

namespace outrigger::identity {
namespace {

using aws::FakeAws;

constexpr std::string_view kHere = "192.0.2.1";
constexpr char kRole[] = "arn:aws:iam::123456789012:role/Operators";

FakeAws::Answer sts_says(const std::string& arn) {
  return {200, "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>" + arn +
                   "</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"};
}

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() {
    sts_.usually(sts_says("arn:aws:sts::123456789012:assumed-role/Operators/ada"));
    start({});
  }
  void start(Verifier::Options options) {
    options.find = [this](const http::Cancel*) {
      ++finds_;
      return Verifier::Found{place(), pool_};
    };
    options.audience = [] { return "prober/production/i-0abc"; };
    options.roles = {"arn:aws:iam::123456789012:role/Others", kRole};
    options.real_s = [this] { return now_s_.load(); };
    verifier_ = std::make_unique<Verifier>(std::move(options));
    // No token is older than its verifier.
    now_s_ += 10;
  }
  Sts place() const { return {sts_.url(), "eu-west-1"}; }
  std::string token(int n = 0) const {
    const aws::Credentials keys{
        "ASIAEXAMPLE000000001", "secret", "session " + std::to_string(n), {}};
    return make_token(place(), "prober/production/i-0abc", keys, now_s_);
  }
  Verdict ask(std::string_view authorization, std::string_view address = kHere) {
    const auto answer = verifier_->ask(authorization, address);
    for (;;) {
      if (const auto verdict = answer->verdict()) return *verdict;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  FakeAws sts_;
  std::shared_ptr<http::Pool> pool_ = std::make_shared<http::Pool>(http::Pool::Options{});
  std::atomic<int64_t> now_s_{1'795'000'000};
  std::atomic<int> finds_{0};
  std::unique_ptr<Verifier> verifier_;
};

TEST_F(VerifierTest, asks_sts_with_the_own_audience) {
  EXPECT_EQ(ask(token()), Verdict::kAllowed);
  const auto asked = sts_.asked();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].method, "GET");
  EXPECT_EQ(asked[0].path, "/");
  EXPECT_EQ(asked[0].headers.at("x-outrigger-audience"), "prober/production/i-0abc");
  EXPECT_EQ(asked[0].headers.count("authorization"), 0u);
  EXPECT_EQ(verifier_->counts().allowed, 1u);
}

TEST_F(VerifierTest, knows_roles_from_each_other) {
  sts_.then(sts_says("arn:aws:sts::123456789012:assumed-role/Readers/ada"));
  EXPECT_EQ(ask(token(1)), Verdict::kForbidden);
  sts_.then(sts_says("arn:aws:iam::123456789012:user/Operators"));
  EXPECT_EQ(ask(token(2)), Verdict::kForbidden);
  sts_.then({200, "no XML at all"});
  EXPECT_EQ(ask(token(3)), Verdict::kBusy);
  sts_.then(
      {403, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>"});
  EXPECT_EQ(ask(token(4)), Verdict::kUnproven);
  sts_.then({503, ""});
  EXPECT_EQ(ask(token(5)), Verdict::kBusy);
}

TEST_F(VerifierTest, takes_a_token_once_and_asks_once_whatever_came_of_it) {
  const std::string once = token();
  EXPECT_EQ(ask(once), Verdict::kAllowed);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(once), Verdict::kUnproven);
  sts_.then({403, ""});
  const std::string bad = token(1);
  EXPECT_EQ(ask(bad), Verdict::kUnproven);
  EXPECT_EQ(ask(bad), Verdict::kUnproven);
  EXPECT_EQ(sts_.asked().size(), 2u);
  now_s_ += 30;
  EXPECT_EQ(ask(once), Verdict::kUnproven);
  now_s_ += 30;
  EXPECT_EQ(ask(once), Verdict::kUnproven) << "expired";
  EXPECT_EQ(sts_.asked().size(), 2u);
}

TEST_F(VerifierTest, takes_nothing_that_its_predecessor_may_have_taken) {
  const std::string taken = token();
  EXPECT_EQ(ask(taken), Verdict::kAllowed);
  now_s_ += 1;
  start({});
  EXPECT_EQ(ask(taken), Verdict::kUnproven);
  EXPECT_EQ(sts_.asked().size(), 1u);
  EXPECT_EQ(ask(token(1)), Verdict::kAllowed);
}

TEST_F(VerifierTest, is_not_moved_by_garbage) {
  for (int i = 0; i < 5'000; ++i) EXPECT_EQ(ask("Bearer " + std::to_string(i)), Verdict::kUnproven);
  EXPECT_EQ(finds_, 0) << "not even where STS is was asked";
  for (int i = 0; i < 5'000; ++i)
    EXPECT_EQ(ask(std::string(kScheme) + "aHR0cHM6Ly9leGFtcGxl" + std::to_string(1000 + i) + "." +
                  new_nonce()),
              Verdict::kUnproven);
  EXPECT_TRUE(sts_.asked().empty());
  EXPECT_LE(finds_, 1);
  EXPECT_EQ(verifier_->counts().refused, 10'000u);
  EXPECT_EQ(verifier_->counts().asked, 0u);
}

TEST_F(VerifierTest, asks_sts_seldom) {
  Verifier::Options options;
  options.each = Allowance(0, 2);
  options.all = Allowance(0, 3);
  start(std::move(options));
  EXPECT_EQ(ask(token(1), "a"), Verdict::kAllowed);
  EXPECT_EQ(ask(token(2), "a"), Verdict::kAllowed);
  EXPECT_EQ(ask(token(3), "a"), Verdict::kBusy) << "one address has had its share";
  EXPECT_EQ(ask(token(3), "b"), Verdict::kAllowed) << "the token was not used up by that";
  EXPECT_EQ(ask(token(4), "b"), Verdict::kBusy) << "all have";
  EXPECT_EQ(sts_.asked().size(), 3u);
}

TEST(AllowanceTest, gives_so_many_a_second) {
  constexpr int64_t kSecond = 1'000'000'000;
  Allowance allowance(2, 3);
  int64_t now = 100 * kSecond;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(allowance.take(now));
  EXPECT_FALSE(allowance.take(now));
  now += kSecond / 2;
  EXPECT_TRUE(allowance.take(now));
  EXPECT_FALSE(allowance.take(now));
  EXPECT_FALSE(allowance.is_full(now));
  now += 10 * kSecond;
  EXPECT_TRUE(allowance.is_full(now));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(allowance.take(now));
  EXPECT_FALSE(allowance.take(now));
}

}  // namespace
}  // namespace outrigger::identity
