#include "aws/logs.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "fake_aws.h"

namespace outrigger::aws::logs {
namespace {

namespace json = boost::json;

json::object body_of(const FakeAws& aws, size_t index) {
  return json::parse(aws.asked().at(index).body).as_object();
}
std::string target_of(const FakeAws& aws, size_t index) {
  return aws.asked().at(index).headers["x-amz-target"];
}

TEST(LogsApi, a_batch_is_the_json_that_the_api_wants) {
  std::string body;
  begin_body("group \"a\"", "stream", body);
  append_event(1, "one\n\xff", body);
  append_event(2, R"({"level":"INFO"})", body);
  end_body(body);
  FakeAws aws;
  const auto client = client_of(aws);
  const auto answer = put_log_events(*client, body, {}, nullptr);
  ASSERT_TRUE(answer) << answer.failure().message;
  EXPECT_FALSE(answer->any());
  EXPECT_EQ(target_of(aws, 0), "Logs_20140328.PutLogEvents");
  EXPECT_FALSE(aws.asked()[0].headers.contains("content-encoding"));
  const json::object sent = body_of(aws, 0);
  EXPECT_EQ(sent.at("logGroupName"), "group \"a\"");
  EXPECT_EQ(sent.at("logStreamName"), "stream");
  ASSERT_EQ(sent.at("logEvents").as_array().size(), 2u);
  EXPECT_EQ(sent.at("logEvents").at(0).at("timestamp"), 1);
  EXPECT_EQ(sent.at("logEvents").at(0).at("message"), "one\n\uFFFD");
  EXPECT_EQ(sent.at("logEvents").at(1).at("message"), R"({"level":"INFO"})");
}

TEST(LogsApi, gzip_is_said) {
  FakeAws aws;
  const auto client = client_of(aws);
  ASSERT_TRUE(put_log_events(*client, "\x1f\x8b", {.encoding = Encoding::kGzip}, nullptr));
  EXPECT_EQ(aws.asked()[0].headers["content-encoding"], "gzip");
}

TEST(LogsApi, rejected_events_are_told_by_index) {
  FakeAws aws;
  aws.usually(
      {200, R"({"nextSequenceToken":"4","rejectedLogEventsInfo":{"tooNewLogEventStartIndex":7,
                       "tooOldLogEventEndIndex":3,"expiredLogEventEndIndex":2}})"});
  const auto client = client_of(aws);
  const auto answer = put_log_events(*client, "{}", {}, nullptr);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->too_new_start, 7);
  EXPECT_EQ(answer->too_old_end, 3);
  EXPECT_EQ(answer->expired_end, 2);
}

TEST(LogsApi, an_answer_that_is_no_json_may_have_been_one) {
  FakeAws aws;
  aws.usually({200, "<html>"});
  const auto client = client_of(aws);
  const auto answer = put_log_events(*client, "{}", {}, nullptr);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.failure().may_pass());
  EXPECT_TRUE(answer.failure().maybe_taken);
}

TEST(LogsApi, what_exists_already_is_created) {
  FakeAws aws;
  aws.usually({400, R"({"__type":"ResourceAlreadyExistsException","message":"m"})"});
  const auto client = client_of(aws);
  EXPECT_TRUE(create_log_group(*client, "g", nullptr));
  EXPECT_TRUE(create_log_stream(*client, "g", "s", nullptr));
  EXPECT_EQ(target_of(aws, 0), "Logs_20140328.CreateLogGroup");
  EXPECT_EQ(target_of(aws, 1), "Logs_20140328.CreateLogStream");
  EXPECT_EQ(body_of(aws, 0), (json::object{{"logGroupName", "g"}}));
  EXPECT_EQ(body_of(aws, 1), (json::object{{"logGroupName", "g"}, {"logStreamName", "s"}}));
}

TEST(LogsApi, retention) {
  FakeAws aws;
  aws.then({200, ""});
  const auto client = client_of(aws);
  EXPECT_TRUE(put_retention_policy(*client, "g", 30, nullptr));
  EXPECT_EQ(target_of(aws, 0), "Logs_20140328.PutRetentionPolicy");
  EXPECT_EQ(body_of(aws, 0), (json::object{{"logGroupName", "g"}, {"retentionInDays", 30}}));
}

TEST(LogsApi, pages_of_streams_are_followed) {
  FakeAws aws;
  aws.then({200, R"({"logStreams":[{"logStreamName":"p1","creationTime":5}],"nextToken":"t1"})"});
  aws.then({200, R"({"logStreams":[],"nextToken":"t2"})"});
  aws.then({200, R"({"logStreams":[{"logStreamName":"p2","lastEventTimestamp":9},3]})"});
  const auto client = client_of(aws);
  const auto streams = describe_log_streams(*client, "g", "p", 1'000, nullptr);
  ASSERT_TRUE(streams) << streams.failure().message;
  ASSERT_EQ(streams->size(), 2u);
  EXPECT_EQ((*streams)[0].name, "p1");
  EXPECT_EQ((*streams)[0].created_ms, 5);
  EXPECT_EQ((*streams)[1].name, "p2");
  EXPECT_EQ((*streams)[1].last_event_ms, 9);
  EXPECT_FALSE(body_of(aws, 0).contains("nextToken"));
  EXPECT_EQ(body_of(aws, 1).at("nextToken"), "t1");
  EXPECT_EQ(body_of(aws, 2).at("nextToken"), "t2");
}

TEST(LogsApi, pages_that_never_end_do) {
  FakeAws aws;
  aws.usually({200, R"({"logStreams":[{"logStreamName":"p"}],"nextToken":"t"})"});
  const auto client = client_of(aws);
  const auto streams = describe_log_streams(*client, "g", "p", 100, nullptr);
  ASSERT_TRUE(streams);
  EXPECT_EQ(aws.asked().size(), 2u) << "the same token again";
}

}  // namespace
}  // namespace outrigger::aws::logs
