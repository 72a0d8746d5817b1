// The vectors of AWS's own suite (aws-c-auth, tests/aws-signing-test-suite/v4): request in,
// signature out.
#include "aws/sigv4.h"

#include <gtest/gtest.h>

namespace outrigger::aws {
namespace {

constexpr int64_t kThen = 1'440'938'160;  // 2015-08-30T12:36:00Z
const Credentials kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", {}, {}};
constexpr std::string_view kUnreserved =
    "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct Vector {
  std::string method = "GET";
  std::string path = "/";
  std::string query{};
  Headers more{};  // beside Host
  std::string body{};
  std::string token{};
  ToSign::Path rule = ToSign::Path::kNormalized;
};

std::string signature_of(const Vector& vector) {
  Headers headers = {{"Host", "example.amazonaws.com"}};
  headers.insert(headers.end(), vector.more.begin(), vector.more.end());
  Credentials credentials = kExample;
  credentials.session_token = vector.token;
  const Headers added = sign({.method = vector.method,
                              .path = vector.path,
                              .query = vector.query,
                              .headers = headers,
                              .body = vector.body,
                              .region = "us-east-1",
                              .service = "service",
                              .unix_seconds = kThen,
                              .path_rule = vector.rule},
                             credentials);
  const std::string& authorization = added.back().second;
  return authorization.substr(authorization.rfind('=') + 1);
}

constexpr auto kAsItIs = ToSign::Path::kAsItIs;
constexpr const char* kVanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

TEST(SigV4, vanilla) {
  EXPECT_EQ(signature_of({}), kVanilla);
  EXPECT_EQ(signature_of({.method = "POST"}),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(SigV4, the_whole_header) {
  const Headers headers = {{"Host", "example.amazonaws.com"}};
  const Headers added = sign({.method = "GET",
                              .path = "/",
                              .query = {},
                              .headers = headers,
                              .body = {},
                              .region = "us-east-1",
                              .service = "service",
                              .unix_seconds = kThen},
                             kExample);
  ASSERT_EQ(added.size(), 2u);
  EXPECT_EQ(added[0].first, "X-Amz-Date");
  EXPECT_EQ(added[0].second, "20150830T123600Z");
  EXPECT_EQ(added[1].first, "Authorization");
  EXPECT_EQ(added[1].second,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, Signature=" +
                std::string(kVanilla));
}

TEST(SigV4, headers) {
  EXPECT_EQ(
      signature_of(
          {.more = {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}}),
      "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
  EXPECT_EQ(signature_of({.more = {{"My-Header1", "value4"},
                                   {"My-Header1", "value1"},
                                   {"My-Header1", "value3"},
                                   {"My-Header1", "value2"}}}),
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01");
  EXPECT_EQ(signature_of({.more = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}}),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
  EXPECT_EQ(signature_of({.method = "POST", .more = {{"My-Header1", "value1"}}}),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c");
  EXPECT_EQ(signature_of({.method = "POST", .more = {{"My-Header1", "VALUE1"}}}),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
}

TEST(SigV4, paths_are_resolved) {
  for (const char* path : {"/example/..", "/example1/example2/../..", "/./", "//"})
    EXPECT_EQ(signature_of({.path = path}), kVanilla) << path;
  EXPECT_EQ(signature_of({.path = "/./example"}),
            "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5");
  EXPECT_EQ(signature_of({.path = "//example//"}),
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84");
  EXPECT_EQ(signature_of({.path = "/example space/"}),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
  EXPECT_EQ(signature_of({.path = "/" + std::string(kUnreserved)}),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
  EXPECT_EQ(signature_of({.path = "/\u1234"}),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

TEST(SigV4, paths_of_s3_are_taken_as_they_are) {
  EXPECT_EQ(signature_of({.path = "/example/..", .rule = kAsItIs}),
            "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282");
  EXPECT_EQ(signature_of({.path = "/example1/example2/../..", .rule = kAsItIs}),
            "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b");
  EXPECT_EQ(signature_of({.path = "/./", .rule = kAsItIs}),
            "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145");
  EXPECT_EQ(signature_of({.path = "//", .rule = kAsItIs}),
            "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e");
  EXPECT_EQ(signature_of({.path = "/./example", .rule = kAsItIs}),
            "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff");
  EXPECT_EQ(signature_of({.path = "//example//", .rule = kAsItIs}),
            "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5");
  EXPECT_EQ(signature_of({.path = "/example space/", .rule = kAsItIs}),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
}

TEST(SigV4, queries_are_sorted_and_encoded_once) {
  EXPECT_EQ(signature_of({.query = "Param1=value1"}),
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb");
  EXPECT_EQ(signature_of({.query = "Param2=value2&Param1=value1"}),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  EXPECT_EQ(signature_of({.query = "Param-3=Value3&Param=Value2&%E1%88%B4=Value1"}),
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac");
  EXPECT_EQ(signature_of({.query = std::string(kUnreserved) + "=" + std::string(kUnreserved)}),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197");
  for (const char* query : {"\u1234=bar", "%E1%88%B4=bar"})
    EXPECT_EQ(signature_of({.query = query}),
              "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
  EXPECT_EQ(signature_of({.method = "POST", .query = "Param1=value1"}),
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
}

TEST(SigV4, a_session_token_is_signed) {
  EXPECT_EQ(
      signature_of({.token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"}),
      "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
}

TEST(SigV4, a_body) {
  const std::string body = "Param1=value1";
  EXPECT_EQ(signature_of({.method = "POST",
                          .more = {{"Content-Type", "application/x-www-form-urlencoded"},
                                   {"Content-Length", "13"},
                                   {"X-Amz-Content-SHA256", sha256_hex(body)}},
                          .body = body}),
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b");
  EXPECT_EQ(
      signature_of({.method = "POST",
                    .more = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                             {"Content-Length", "13"},
                             {"X-Amz-Content-SHA256", sha256_hex(body)}},
                    .body = body}),
      "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422");
}

TEST(SigV4, times_before_and_after_2038) {
  EXPECT_EQ(amz_date(0), "19700101T000000Z");
  EXPECT_EQ(amz_date(4'102'444'799), "20991231T235959Z");
}

}  // namespace
}  // namespace outrigger::aws
