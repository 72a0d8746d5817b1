#include "aws/client.h"

#include <gtest/gtest.h>

#include <thread>

#include "aws/json_call.h"
#include "fake_aws.h"
#include "http/date.h"
#include "http/script_server.h"

namespace outrigger::aws {
namespace {

using namespace std::chrono_literals;

Call a_call() { return json_call(Service::kLogs, "Logs_20140328.Test", "{\"a\":1}"); }

FakeAws::Answer error(int status, const std::string& code) {
  return {status, R"({"__type":"com.amazonaws.logs#)" + code + R"(","message":"because"})"};
}

TEST(ClientTest, signs_and_sends) {
  FakeAws aws;
  aws.usually({200, "{\"b\":2}"});
  const auto client = client_of(aws);
  const auto answer = client->call(a_call(), nullptr);
  ASSERT_TRUE(answer) << answer.failure().message;
  EXPECT_EQ(answer->body, "{\"b\":2}");
  auto asked = aws.asked();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].method, "POST");
  EXPECT_EQ(asked[0].path, "/");
  EXPECT_EQ(asked[0].body, "{\"a\":1}");
  EXPECT_EQ(asked[0].headers["content-type"], "application/x-amz-json-1.1");
  EXPECT_EQ(asked[0].headers["x-amz-target"], "Logs_20140328.Test");
  EXPECT_EQ(asked[0].headers["x-amz-security-token"], "token of AKIDFIRST");
  const std::string& authorization = asked[0].headers["authorization"];
  EXPECT_TRUE(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDFIRST/")) << authorization;
  EXPECT_NE(authorization.find("/eu-west-1/logs/aws4_request"), std::string::npos);
  EXPECT_NE(authorization.find(
                "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target"),
            std::string::npos)
      << authorization;
}

TEST(ClientTest, a_signature_stands_for_what_was_received) {
  FakeAws aws;
  const auto client = client_of(aws);
  ASSERT_TRUE(client->call(a_call(), nullptr));
  auto asked = aws.asked().at(0);
  // What the other side does to verify it.
  Headers headers;
  for (const char* name : {"content-type", "host", "x-amz-target"})
    headers.emplace_back(name, asked.headers[name]);
  std::tm at{};
  strptime(asked.headers["x-amz-date"].c_str(), "%Y%m%dT%H%M%SZ", &at);
  const Headers added = sign({.method = asked.method,
                              .path = "/",
                              .query = {},
                              .headers = headers,
                              .body = asked.body,
                              .region = "eu-west-1",
                              .service = "logs",
                              .unix_seconds = timegm(&at)},
                             credentials_named("AKIDFIRST"));
  EXPECT_EQ(added.back().second, asked.headers["authorization"]);
}

TEST(ClientTest, three_attempts_at_what_may_pass) {
  FakeAws aws;
  aws.usually(error(500, "InternalFailure"));
  const auto client = client_of(aws);
  const auto answer = client->call(a_call(), nullptr);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().kind, FailureKind::kTransient);
  EXPECT_EQ(answer.failure().status, 500);
  EXPECT_EQ(answer.failure().code, "InternalFailure");
  EXPECT_EQ(answer.failure().message, aws.url() + ": InternalFailure: because");
  EXPECT_FALSE(answer.failure().maybe_taken) << "there was an answer";
  EXPECT_EQ(aws.asked().size(), 3u);
  EXPECT_EQ(client->quota(Service::kLogs).left(), 500 - 2 * 14);
  EXPECT_EQ(client->quota(Service::kEc2).left(), 500) << "each service has its own";
}

TEST(ClientTest, a_success_after_a_retry_gives_back_what_that_cost) {
  FakeAws aws;
  aws.then(error(503, "ServiceUnavailable"));
  const auto client = client_of(aws);
  ASSERT_TRUE(client->call(a_call(), nullptr));
  EXPECT_EQ(aws.asked().size(), 2u);
  EXPECT_EQ(client->quota(Service::kLogs).left(), 500);
}

TEST(ClientTest, throttling_comes_in_many_forms) {
  for (auto answer : {error(400, "ThrottlingException"), error(400, "Throttling"),
                      error(503, "SlowDown"), FakeAws::Answer{429, ""},
                      FakeAws::Answer{400,
                                      "<Response><Errors><Error><Code>RequestLimitExceeded</Code>"
                                      "<Message>m</Message></Error></Errors></Response>"}}) {
    FakeAws aws;
    aws.usually(answer);
    const auto client = client_of(aws);
    Call call = a_call();
    call.attempts = 1;
    const auto got = client->call(call, nullptr);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.failure().kind, FailureKind::kThrottled) << got.failure().message;
  }
}

TEST(ClientTest, what_is_wrong_is_asked_once) {
  for (const auto& [answer, kind] :
       {std::pair{error(400, "InvalidParameterException"), FailureKind::kRejected},
        {error(400, "ResourceNotFoundException"), FailureKind::kRejected},
        {error(400, "AccessDeniedException"), FailureKind::kDenied},
        {FakeAws::Answer{403, ""}, FailureKind::kDenied},
        {FakeAws::Answer{301, "moved"}, FailureKind::kRejected}}) {
    FakeAws aws;
    aws.usually(answer);
    const auto client = client_of(aws);
    const auto got = client->call(a_call(), nullptr);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.failure().kind, kind) << got.failure().message;
    EXPECT_EQ(aws.asked().size(), 1u);
  }
}

TEST(ClientTest, expired_credentials_are_refreshed_at_once) {
  FakeAws aws;
  aws.then(error(400, "ExpiredTokenException"));
  auto provider = std::make_unique<GivenProvider>(std::vector<Outcome<Credentials>>{
      credentials_named("AKIDFIRST"), credentials_named("AKIDSECOND")});
  const auto client = client_of(aws, std::move(provider));
  const auto answer = client->call(a_call(), nullptr);
  ASSERT_TRUE(answer) << answer.failure().message;
  auto asked = aws.asked();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_NE(asked[0].headers["authorization"].find("AKIDFIRST"), std::string::npos);
  EXPECT_NE(asked[1].headers["authorization"].find("AKIDSECOND"), std::string::npos);
  EXPECT_EQ(client->quota(Service::kLogs).left(), 500) << "at no cost";
}

TEST(ClientTest, credentials_that_stay_expired_are_told_of) {
  FakeAws aws;
  aws.usually(error(400, "ExpiredTokenException"));
  const auto client = client_of(aws);
  const auto answer = client->call(a_call(), nullptr);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().kind, FailureKind::kExpired);
  EXPECT_EQ(aws.asked().size(), 2u);
}

std::string skewed_answer(const std::string& status, const std::string& body, int64_t date) {
  return "HTTP/1.1 " + status + "\r\nDate: " + http::http_date(date) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

int64_t signed_at(const std::string& request) {
  std::tm at{};
  strptime(request.c_str() + request.find("X-Amz-Date: ") + 12, "%Y%m%dT%H%M%SZ", &at);
  return timegm(&at);
}

TEST(ClientTest, a_wrong_clock_is_corrected_and_the_call_signed_again) {
  const int64_t ahead = time(nullptr) + 3600;
  std::string first, second, third;
  http::ScriptServer server([&](int fd) {
    const auto read_request = [fd] {
      std::string head = http::ScriptServer::read_header(fd);
      char body[7];
      (void)!recv(fd, body, sizeof body, MSG_WAITALL);
      return head;
    };
    first = read_request();
    http::ScriptServer::say(
        fd, skewed_answer("400 Bad Request", R"({"__type":"InvalidSignatureException"})", ahead));
    second = read_request();
    http::ScriptServer::say(fd, skewed_answer("200 OK", "{}", ahead));
    third = read_request();
    http::ScriptServer::say(fd, skewed_answer("200 OK", "{}", time(nullptr)));
  });
  Client client({.region = "eu-west-1",
                 .variables = variables_of({{"AWS_ENDPOINT_URL", "http://" + server.address()}}),
                 .pool = std::make_shared<http::Pool>(http::Pool::Options{}),
                 .credentials = std::make_shared<CredentialCache>(std::make_unique<GivenProvider>(
                     std::vector<Outcome<Credentials>>{credentials_named("AKIDFIRST")}))});
  const auto answer = client.call(a_call(), nullptr);
  ASSERT_TRUE(answer) << answer.failure().message;
  EXPECT_LT(signed_at(first), ahead - 3000);
  EXPECT_NEAR(static_cast<double>(signed_at(second)), static_cast<double>(ahead), 100);
  EXPECT_GT(client.skew().correction(), 3500s);
  EXPECT_EQ(client.quota(Service::kLogs).left(), 500) << "at no cost";
  ASSERT_TRUE(client.call(a_call(), nullptr));
  EXPECT_EQ(client.skew().correction(), 0s) << "the next good answer sets it right";
}

TEST(ClientTest, nobody_there) {
  const std::string url = FakeAws().url();  // gone again
  auto provider = std::make_unique<GivenProvider>(
      std::vector<Outcome<Credentials>>{credentials_named("AKIDFIRST")});
  Client client({.region = "eu-west-1",
                 .variables = variables_of({{"AWS_ENDPOINT_URL", url}}),
                 .pool = std::make_shared<http::Pool>(http::Pool::Options{}),
                 .credentials = std::make_shared<CredentialCache>(std::move(provider))});
  const auto answer = client.call(a_call(), nullptr);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().kind, FailureKind::kTransient);
  EXPECT_FALSE(answer.failure().maybe_taken);
  EXPECT_NE(answer.failure().message.find("Connection refused"), std::string::npos)
      << answer.failure().message;
}

TEST(ClientTest, a_backoff_is_cut_short) {
  FakeAws aws;
  FakeAws::Answer throttled = error(400, "ThrottlingException");
  throttled.headers = {{"x-amz-retry-after", "5000"}};
  aws.usually(throttled);
  const auto client = client_of(aws);
  http::Cancel cancel;
  std::thread other([&] {
    while (aws.asked().empty()) std::this_thread::sleep_for(1ms);
    cancel.fire();
  });
  const auto answer = client->call(a_call(), &cancel);
  other.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().kind, FailureKind::kCancelled);
  EXPECT_EQ(aws.asked().size(), 1u);
}

TEST(ClientTest, without_credentials_nothing_is_sent) {
  FakeAws aws;
  Client client({.region = "eu-west-1",
                 .variables = variables_of({{"AWS_ENDPOINT_URL", aws.url()}}),
                 .pool = std::make_shared<http::Pool>(http::Pool::Options{}),
                 .credentials = std::make_shared<CredentialCache>(nullptr)});
  const auto answer = client.call(a_call(), nullptr);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().kind, FailureKind::kNoCredentials);
  EXPECT_TRUE(aws.asked().empty());
}

TEST(ClientTest, no_credential_is_in_a_failure) {
  FakeAws aws;
  for (int status : {400, 403, 500}) {
    aws.usually({status, "not JSON: secret of AKIDFIRST, token of AKIDFIRST"});
    const auto client = client_of(aws);
    const auto answer = client->call(a_call(), nullptr);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.failure().message.find("AKIDFIRST"), std::string::npos);
  }
}

}  // namespace
}  // namespace outrigger::aws
