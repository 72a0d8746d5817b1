#include "identity/token.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>

#include "aws/sigv4.h"

namespace outrigger::identity {
namespace {

constexpr int64_t kNow = 1'795'000'000;
const Sts kSts{"https://sts.eu-west-1.amazonaws.com", "eu-west-1"};
const aws::Credentials kKeys{"ASIAEXAMPLE000000001", "secret", "token/+=of the session", {}};
const std::string kNonce(32, 'a');
constexpr std::string_view kAudience = "prober/production/i-0abc";

std::string url_in(std::string_view token) {
  token.remove_prefix(kScheme.size());
  std::string text(token.substr(0, token.rfind('.')));
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  const size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string url(text.size() / 4 * 3, '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(url.data()),
                  reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  url.resize(url.size() - padding);
  return url;
}

std::string token_of(const std::string& url) {
  std::string text((url.size() + 2) / 3 * 4 + 1, '\0');
  text.resize(static_cast<size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()),
      reinterpret_cast<const unsigned char*>(url.data()), static_cast<int>(url.size()))));
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return std::string(kScheme) + text + "." + kNonce;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " in " << text;
  if (at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

std::string good() { return make_token(kSts, kAudience, kKeys, kNow, kNonce); }
// Why a token whose URL was changed like this is refused; "" when it is not.
std::string why_not(std::string_view what, std::string_view with) {
  const auto read = read_token(token_of(replaced(url_in(good()), what, with)), kSts, kNow);
  return read ? "" : read.error().message;
}

TEST(Token, is_read_as_it_was_made) {
  const auto read = read_token(good(), kSts, kNow);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->signed_s, kNow);
  EXPECT_EQ(read->ends_s, kNow + 60);
  EXPECT_EQ(kSts.endpoint + "/?" + read->query, url_in(good()));
  EXPECT_EQ(good().find("secret"), std::string::npos);
}

// The signature is what SigV4 says of just this request: host and audience signed, an empty body.
TEST(Token, is_signed_for_its_audience) {
  const std::string url = url_in(good());
  const std::string query = url.substr(url.find('?') + 1);
  const aws::Headers headers = {{"host", "sts.eu-west-1.amazonaws.com"},
                                {"x-outrigger-audience", std::string(kAudience)},
                                {"x-outrigger-nonce", kNonce}};
  const aws::ToSign request{.method = "GET",
                            .path = "/",
                            .query = std::string_view(query).substr(0, query.rfind('&')),
                            .headers = headers,
                            .body = "",
                            .region = "eu-west-1",
                            .service = "sts",
                            .unix_seconds = kNow};
  EXPECT_TRUE(query.ends_with("&X-Amz-Signature=" + aws::presign(request, kKeys))) << query;
  EXPECT_NE(url, url_in(make_token(kSts, "prober/production/i-0abd", kKeys, kNow, kNonce)));
}

TEST(Token, is_another_one_each_time) {
  EXPECT_NE(make_token(kSts, kAudience, kKeys, kNow), make_token(kSts, kAudience, kKeys, kNow));
  const std::string whole = good();
  for (const char* nonce : {"", "abc", "A1234567890123456789012345678901"})
    EXPECT_FALSE(read_token(whole.substr(0, whole.rfind('.') + 1) + nonce, kSts, kNow)) << nonce;
}

TEST(Token, lives_for_a_minute) {
  EXPECT_TRUE(read_token(good(), kSts, kNow + 59));
  EXPECT_EQ(read_token(good(), kSts, kNow + 60).error().message, "the token has expired");
  EXPECT_TRUE(read_token(good(), kSts, kNow - kAheadSeconds));
  EXPECT_EQ(read_token(good(), kSts, kNow - kAheadSeconds - 1).error().message,
            "the token is from the future");
  EXPECT_EQ(why_not("X-Amz-Expires=60", "X-Amz-Expires=61"), "X-Amz-Expires is not 1 to 60");
  EXPECT_EQ(why_not("X-Amz-Expires=60", "X-Amz-Expires=900"), "X-Amz-Expires is not 1 to 60");
  EXPECT_EQ(why_not("X-Amz-Expires=60", "X-Amz-Expires=-1"), "X-Amz-Expires is not 1 to 60");
}

TEST(Token, points_at_this_region_s_sts_alone) {
  const std::string sentence = "the URL is not that of https://sts.eu-west-1.amazonaws.com";
  for (const char* other :
       {"https://sts.us-east-1.amazonaws.com", "https://evil.example", "http://169.254.169.254",
        "https://sts.eu-west-1.amazonaws.com.evil.example",
        "https://sts.eu-west-1.amazonaws.com@evil.example",
        "https://sts.eu-west-1.amazonaws.com:444", "http://sts.eu-west-1.amazonaws.com",
        "https://STS.eu-west-1.amazonaws.com"})
    EXPECT_EQ(why_not(kSts.endpoint, other), sentence) << other;
  EXPECT_EQ(why_not("/?Action", "/x?Action"), sentence);
}

TEST(Token, asks_who_it_is_and_nothing_else) {
  EXPECT_EQ(why_not("GetCallerIdentity", "AssumeRole"), "Action is not GetCallerIdentity");
  EXPECT_EQ(why_not("2011-06-15", "2011-06-16"), "Version is not 2011-06-15");
  EXPECT_EQ(why_not("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
            "X-Amz-Algorithm is not AWS4-HMAC-SHA256");
  EXPECT_EQ(why_not("?Action", "?Action=AssumeRole&Action"), "Action stands there twice");
  EXPECT_EQ(why_not("&X-Amz-Date", "&RoleArn=x&X-Amz-Date"),
            "a parameter that does not belong there");
  EXPECT_EQ(why_not("Action=GetCallerIdentity&", ""), "Action is missing");
  EXPECT_EQ(why_not("host%3Bx-outrigger-audience", "host"),
            "X-Amz-SignedHeaders are not host;x-outrigger-audience;x-outrigger-nonce");
  EXPECT_EQ(why_not("eu-west-1%2Fsts", "us-east-1%2Fsts"), "X-Amz-Credential is of another scope");
  EXPECT_EQ(why_not("eu-west-1%2Fsts", "eu-west-1%2Fs3"), "X-Amz-Credential is of another scope");
  EXPECT_EQ(why_not("ASIAEXAMPLE", "AKIAEXAMPLE"),
            "the access key is not that of a role's session");
  EXPECT_EQ(why_not("X-Amz-Expires=60", "X-Amz-Expires=%zz"),
            "X-Amz-Expires has an escape that is none");
}

TEST(Token, is_nothing_but_a_token) {
  for (const std::string& text :
       {std::string(), std::string("Basic YWRtaW46YWRtaW4="), std::string("Bearer x"),
        std::string(kScheme), std::string(kScheme) + "a", std::string(kScheme) + "!!!!",
        std::string(kScheme) + " " + good().substr(kScheme.size()),
        std::string(kScheme) + std::string(20'000, 'A'), good() + "=", good().substr(1)})
    EXPECT_FALSE(read_token(text, kSts, kNow)) << text.substr(0, 100);
  // Cut anywhere it is none either.
  const std::string whole = good();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_token(whole.substr(0, size), kSts, kNow)) << size;
}

TEST(Role, is_told_by_account_and_name) {
  constexpr std::string_view kSession = "arn:aws:sts::123456789012:assumed-role/Operators/ada";
  EXPECT_TRUE(is_session_of(kSession, "arn:aws:iam::123456789012:role/Operators"));
  EXPECT_TRUE(is_session_of(kSession, "arn:aws:iam::123456789012:role/team/a/Operators"));
  for (const std::string_view other :
       {"arn:aws:iam::123456789013:role/Operators", "arn:aws:iam::123456789012:role/Operator",
        "arn:aws:iam::123456789012:role/operators", "arn:aws-cn:iam::123456789012:role/Operators",
        "arn:aws:iam::123456789012:user/Operators", "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/Operators/ada", "Operators", ""})
    EXPECT_FALSE(is_session_of(kSession, other)) << other;
  for (const std::string_view session :
       {"arn:aws:iam::123456789012:user/Operators",
        "arn:aws:sts::123456789012:federated-user/Operators",
        "arn:aws:sts::123456789012:assumed-role/Operators", "arn:aws:iam::123456789012:root",
        "arn:aws:sts::123456789012:assumed-role//Operators", ""})
    EXPECT_FALSE(is_session_of(session, "arn:aws:iam::123456789012:role/Operators")) << session;
}

}  // namespace
}  // namespace outrigger::identity
