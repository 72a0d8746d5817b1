// Where credentials come from, and how they are kept fresh.
#include "aws/credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "aws/credential_cache.h"
#include "aws/imds.h"
#include "aws/metadata_url.h"
#include "aws/time.h"
#include "fake_aws.h"

namespace outrigger::aws {
namespace {

using namespace std::chrono_literals;

using Values = std::map<std::string, std::string>;

std::shared_ptr<http::Pool> pool() { return std::make_shared<http::Pool>(http::Pool::Options{}); }

constexpr const char* kAnswer =
    R"({"Code":"Success","AccessKeyId":"ASIAX","SecretAccessKey":"s3cret","Token":"t0ken",
        "Expiration":"2126-11-24T02:05:23Z"})";

class TokenFile {
 public:
  explicit TokenFile(const std::string& text)
      : path(testing::TempDir() + "/outrigger-token-" + std::to_string(getpid())) {
    write(text);
  }
  ~TokenFile() { unlink(path.c_str()); }
  void write(const std::string& text) const { std::ofstream(path) << text; }
  const std::string path;
};

TEST(Environment, needs_both_keys) {
  EXPECT_EQ(environment_provider(variables_of({})), nullptr);
  const auto whole = environment_provider(variables_of(
      {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}}));
  const auto found = whole->fetch(nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->access_key_id, "AKID");
  EXPECT_EQ(found->session_token, "t");
  EXPECT_FALSE(found->expires);
  const auto half = environment_provider(variables_of({{"AWS_ACCESS_KEY_ID", "AKID"}}));
  EXPECT_EQ(half->fetch(nullptr).failure().message,
            "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
}

TEST(Container, asks_with_the_token_that_is_in_the_file_now) {
  FakeAws agent;
  agent.usually({200, kAnswer});
  const TokenFile file("first\n");
  const auto provider = container_provider(
      variables_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url() + "/v1/credentials"},
                    {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.path}}),
      pool());
  const auto found = provider->fetch(nullptr);
  ASSERT_TRUE(found) << found.failure().message;
  EXPECT_EQ(found->access_key_id, "ASIAX");
  EXPECT_EQ(found->secret_access_key, "s3cret");
  EXPECT_EQ(found->expires, parse_time("2126-11-24T02:05:23Z"));
  file.write("second");
  ASSERT_TRUE(provider->fetch(nullptr));
  EXPECT_EQ(agent.asked()[0].path, "/v1/credentials");
  EXPECT_EQ(agent.asked()[0].headers["authorization"], "first");
  EXPECT_EQ(agent.asked()[1].headers["authorization"], "second");
}

TEST(Container, plain_http_elsewhere_is_refused) {
  for (const char* url : {"http://10.0.0.1/x", "http://192.0.2.1:80/x", "http://[2001:db8::1]/x"}) {
    const auto provider =
        container_provider(variables_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url},
                                         {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "a token"}}),
                           pool());
    const auto found = provider->fetch(nullptr);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.failure().kind, FailureKind::kUntrusted);
    EXPECT_EQ(found.failure().message,
              "AWS_CONTAINER_CREDENTIALS_FULL_URI: " + std::string(url) +
                  " will not do: credentials are fetched over plain http from loopback and "
                  "link-local addresses alone, from elsewhere over https");
  }
}

TEST(Container, near_addresses) {
  for (const char* near : {"127.0.0.1", "127.255.0.1", "::1", "169.254.170.2", "169.254.169.254",
                           "fe80::1", "fd00:ec2::23", "fd00:ec2::254"})
    EXPECT_TRUE(is_near(near)) << near;
  for (const char* far : {"10.0.0.1", "128.0.0.1", "169.253.0.1", "::2", "fec0::1", "fd00:ec3::1",
                          "0.0.0.0", "", "localhost"})
    EXPECT_FALSE(is_near(far)) << far;
}

TEST(Container, bad_answers) {
  FakeAws agent;
  const auto provider = container_provider(
      variables_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url() + "/"}}), pool());
  for (const char* body : {"", "[]", "{}", R"({"AccessKeyId":"A"})",
                           R"({"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"soon"})",
                           R"({"Code":"Failed","Message":"no role"})"}) {
    agent.usually({200, body});
    const auto found = provider->fetch(nullptr);
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.failure().kind, FailureKind::kNoCredentials);
  }
  agent.usually({404, ""});
  EXPECT_FALSE(provider->fetch(nullptr));
}

TEST(WebIdentity, the_token_stands_for_the_role) {
  FakeAws sts;
  sts.usually(
      {200, R"(<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAW</AccessKeyId>
      <SecretAccessKey>s</SecretAccessKey><SessionToken>t/+=</SessionToken>
      <Expiration>2126-11-24T02:05:23Z</Expiration></Credentials>
      </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>)"});
  const TokenFile file("to&ken\n");
  Values values = {{"AWS_ENDPOINT_URL_STS", sts.url()},
                   {"AWS_WEB_IDENTITY_TOKEN_FILE", file.path},
                   {"AWS_ROLE_SESSION_NAME", "me"}};
  EXPECT_EQ(web_identity_provider(variables_of(values), pool())->fetch(nullptr).failure().message,
            "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
  values["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  const auto provider = web_identity_provider(variables_of(values), pool());
  const auto found = provider->fetch(nullptr);
  ASSERT_TRUE(found) << found.failure().message;
  EXPECT_EQ(found->session_token, "t/+=");
  auto asked = sts.asked().at(0);
  EXPECT_EQ(asked.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%"
            "3Arole%2Fr&RoleSessionName=me&WebIdentityToken=to%26ken");
  EXPECT_FALSE(asked.headers.contains("authorization")) << "there is nothing to sign it with";
}

TEST(WebIdentity, a_file_that_is_no_token) {
  Values values = {{"AWS_ROLE_ARN", "r"}, {"AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token"}};
  auto found = web_identity_provider(variables_of(values), pool())->fetch(nullptr);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().message,
            "AWS_WEB_IDENTITY_TOKEN_FILE names /nonexistent/token, which cannot be read: No such "
            "file or directory");
  const TokenFile file("two\nlines");
  values["AWS_WEB_IDENTITY_TOKEN_FILE"] = file.path;
  found = web_identity_provider(variables_of(values), pool())->fetch(nullptr);
  EXPECT_NE(found.failure().message.find("more than one line"), std::string::npos);
  EXPECT_EQ(found.failure().message.find("two"), std::string::npos) << "what is in it is no news";
}

std::shared_ptr<Imds> imds_of(const FakeAws& aws) {
  return std::make_shared<Imds>(
      variables_of({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url() + "/"}}), pool());
}

TEST(Instance, a_token_goes_with_every_question_and_is_reused) {
  FakeAws aws;
  aws.at("/latest/api/token", {200, "a-token"});
  aws.at("/latest/meta-data/iam/security-credentials/", {200, "the-role"});
  aws.at("/latest/meta-data/iam/security-credentials/the-role", {200, kAnswer});
  const auto provider = instance_provider(imds_of(aws));
  for (int i = 0; i < 2; ++i) {
    const auto found = provider->fetch(nullptr);
    ASSERT_TRUE(found) << found.failure().message;
    EXPECT_EQ(found->access_key_id, "ASIAX");
  }
  auto asked = aws.asked();
  ASSERT_EQ(asked.size(), 5u);
  EXPECT_EQ(asked[0].method, "PUT");
  EXPECT_EQ(asked[0].headers["x-aws-ec2-metadata-token-ttl-seconds"], "21600");
  for (size_t i = 1; i < asked.size(); ++i)
    EXPECT_EQ(asked[i].headers["x-aws-ec2-metadata-token"], "a-token");
}

TEST(Instance, an_expired_token_is_fetched_anew) {
  FakeAws aws;
  aws.then({200, "first"});
  aws.then({200, "i-1"});
  aws.then({401, ""});
  aws.then({200, "second"});
  aws.then({200, "i-1"});
  const auto imds = imds_of(aws);
  ASSERT_TRUE(imds->get("latest/meta-data/instance-id", nullptr));
  const auto again = imds->get("latest/meta-data/instance-id", nullptr);
  ASSERT_TRUE(again) << again.failure().message;
  EXPECT_EQ(aws.asked().back().headers["x-aws-ec2-metadata-token"], "second");
}

TEST(Instance, without_a_role) {
  FakeAws aws;
  aws.usually({404, ""});
  aws.at("/latest/api/token", {200, "a-token"});
  const auto found = instance_provider(imds_of(aws))->fetch(nullptr);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().message,
            "this instance has no role: its launch names no instance profile");
}

TEST(Instance, is_not_asked_where_that_is_disabled) {
  const auto imds =
      std::make_shared<Imds>(variables_of({{"AWS_EC2_METADATA_DISABLED", "TRUE"}}), pool());
  EXPECT_TRUE(imds->disabled());
  EXPECT_EQ(instance_provider(imds), nullptr);
  EXPECT_FALSE(imds->get("latest/meta-data/instance-id", nullptr));
  EXPECT_EQ(
      Imds(variables_of({{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}}), pool()).endpoint(),
      "http://[fd00:ec2::254]");
  EXPECT_EQ(Imds(variables_of({}), pool()).endpoint(), "http://169.254.169.254");
}

TEST(Instance, an_endpoint_elsewhere_is_refused) {
  Imds imds(variables_of({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://192.0.2.1"}}), pool());
  const auto found = imds.get("latest/meta-data/instance-id", nullptr);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().kind, FailureKind::kUntrusted);
}

TEST(Chain, the_first_that_is_there) {
  Values values;
  const auto name = [&] {
    const auto found = find_provider(variables_of(values), pool(),
                                     std::make_shared<Imds>(variables_of(values), pool()));
    return found == nullptr ? std::string() : std::string(found->name());
  };
  EXPECT_EQ(name(), "the instance's role");
  values["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  EXPECT_EQ(name(), "the container's role");
  values["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/x";
  EXPECT_EQ(name(), "a web identity");
  values["AWS_ACCESS_KEY_ID"] = "x";
  EXPECT_EQ(name(), "the environment");
  values = {{"AWS_EC2_METADATA_DISABLED", "true"}};
  EXPECT_EQ(name(), "");
}

// --- The cache ---------------------------------------------------------------------------------
Failure nothing() { return {FailureKind::kTransient, 0, {}, "nobody answers", false}; }

struct Cached {
  explicit Cached(std::vector<Outcome<Credentials>> given) {
    auto owned = std::make_unique<GivenProvider>(std::move(given));
    provider = owned.get();
    cache = std::make_unique<CredentialCache>(std::move(owned));
  }
  std::string name(WallTime now) {
    const auto found = cache->get(now, nullptr);
    return found ? found->access_key_id : found.failure().message;
  }
  GivenProvider* provider;
  std::unique_ptr<CredentialCache> cache;
};

TEST(Cache, refreshes_ahead_of_expiry) {
  const WallTime now = std::chrono::system_clock::now();
  Cached cached({credentials_named("first", now + 1h), credentials_named("second", now + 2h)});
  EXPECT_EQ(cached.name(now), "first");
  EXPECT_EQ(cached.name(now + 52min), "first") << "not before 5 min and half as much by chance";
  EXPECT_EQ(cached.provider->fetches, 1);
  EXPECT_EQ(cached.name(now + 55min), "second") << "at the latest 5 min ahead";
  EXPECT_EQ(cached.provider->fetches, 2);
}

TEST(Cache, short_lives_are_used_for_most_of_them) {
  const WallTime now = std::chrono::system_clock::now();
  Cached cached({credentials_named("first", now + 4s), credentials_named("second", now + 1h)});
  EXPECT_EQ(cached.name(now), "first");
  EXPECT_EQ(cached.name(now + 2499ms), "first");
  EXPECT_EQ(cached.name(now + 3s), "second");
}

TEST(Cache, what_cannot_be_refreshed_is_used_on) {
  const WallTime now = std::chrono::system_clock::now();
  Cached cached({credentials_named("first", now + 1h), nothing(), nothing(),
                 credentials_named("second", now + 9h)});
  EXPECT_EQ(cached.name(now), "first");
  EXPECT_EQ(cached.name(now + 56min), "first");
  EXPECT_EQ(cached.name(now + 56min + 5s), "first");
  EXPECT_EQ(cached.provider->fetches, 2) << "not asked again at once";
  EXPECT_EQ(cached.name(now + 61min), "first") << "expired, but AWS is the judge";
  EXPECT_EQ(cached.name(now + 62min), "second");
}

TEST(Cache, the_first_ones_are_asked_for_until_they_come) {
  const WallTime now = std::chrono::system_clock::now();
  Cached cached({nothing(), credentials_named("first")});
  EXPECT_EQ(cached.name(now), "nobody answers");
  EXPECT_EQ(cached.name(now), "first");
  EXPECT_EQ(cached.name(now + 99999h), "first") << "these do not expire";
}

TEST(Cache, what_was_refused_is_not_given_again) {
  const WallTime now = std::chrono::system_clock::now();
  Cached cached({credentials_named("first", now + 1h), credentials_named("second", now + 1h)});
  const auto first = *cached.cache->get(now, nullptr);
  cached.cache->refuse(first);
  EXPECT_EQ(cached.name(now), "second");
  cached.cache->refuse(first);
  EXPECT_EQ(cached.name(now), "second") << "a late refusal of the old ones says nothing";
  EXPECT_EQ(cached.provider->fetches, 2);
}

TEST(Cache, many_threads_fetch_once) {
  const WallTime now = std::chrono::system_clock::now();
  Cached cached({credentials_named("first", now + 1h)});
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { good += cached.name(now) == "first"; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(cached.provider->fetches, 1);
}

TEST(Times, as_aws_writes_them) {
  using std::chrono::sys_days;
  const auto expected = sys_days{std::chrono::year(2026) / 11 / 24} + 2h + 5min + 23s;
  for (const char* text : {"2026-11-24T02:05:23Z", "2026-11-24T02:05:23.042Z",
                           "2026-11-24T03:05:23+01:00", "2026-11-23T21:05:23-05:00"})
    EXPECT_EQ(parse_time(text), expected) << text;
  for (const char* text : {"", "2026-11-24", "2026-11-24T02:05:23", "2026-13-24T02:05:23Z",
                           "2026-02-30T02:05:23Z", "2026-11-24T25:05:23Z", "2026-11-24T02:05:23.Zx",
                           "20a6-11-24T02:05:23Z", "2026-11-24T02:05:23+1:00"})
    EXPECT_FALSE(parse_time(text)) << text;
}

}  // namespace
}  // namespace outrigger::aws
