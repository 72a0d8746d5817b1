// That the emulator is strict: one more than each limit of PutLogEvents is refused and noted, the
// limit itself is taken.
#include <gtest/gtest.h>

#include "logs.h"
#include "machine.h"

namespace outrigger::emulator {
namespace {

struct Account1 {
  Account account;
  Clock clock;
  Violations violations;
  Logs logs{account, clock, violations, {}};

  Account1() {
    call("CreateLogGroup", R"({"logGroupName":"/g"})");
    call("CreateLogStream", R"({"logGroupName":"/g","logStreamName":"s"})");
  }
  Answer call(const std::string& operation, const std::string& body) {
    Call one;
    one.protocol = Protocol::kJson;
    one.service = "logs";
    one.operation = operation;
    const std::string padded = body + std::string(BodyRoom::kPadding, ' ');
    one.body = one.text = {padded.data(), body.size()};
    return logs.answer(one);
  }
  // Events of so many bytes each, at these times from now.
  Answer put(size_t events, size_t bytes, std::vector<int64_t> from_now_ms = {}) {
    from_now_ms.resize(std::max(events, from_now_ms.size()), 0);
    const int64_t now_ms = clock.now_ms();
    std::string body = R"({"logGroupName":"/g","logStreamName":"s","logEvents":[)";
    for (size_t i = 0; i < from_now_ms.size(); ++i) {
      body += (i == 0 ? "" : ",") + std::string("{\"timestamp\":") +
              std::to_string(now_ms + from_now_ms[i]) + ",\"message\":\"" +
              std::string(bytes, 'x') + "\"}";
    }
    return call("PutLogEvents", body + "]}");
  }
  int64_t breaches(const char* rule) const {
    const json::object report = violations.report();
    const json::value* const count = report.at("by_rule").as_object().if_contains(rule);
    return count == nullptr ? 0 : count->to_number<int64_t>();
  }
  int64_t total() const { return violations.report().at("total").to_number<int64_t>(); }
};

TEST(EmulatorLimits, an_event_fills_a_batch_alone_and_one_byte_more_is_refused) {
  Account1 aws;
  EXPECT_EQ(aws.put(1, kEventBytesMax).status, 200);
  EXPECT_EQ(aws.total(), 0);
  EXPECT_EQ(aws.put(1, kEventBytesMax + 1).status, 400);
  EXPECT_EQ(aws.total(), 1);
}

TEST(EmulatorLimits, bytes_of_a_batch_count_26_for_each_event) {
  Account1 aws;
  // 1024 events of 998 + 26 bytes are 1,048,576.
  EXPECT_EQ(aws.put(1024, 998).status, 200);
  EXPECT_EQ(aws.total(), 0);
  EXPECT_EQ(aws.put(1024, 999).status, 400);
  EXPECT_EQ(aws.breaches("batch_bytes"), 1);
}

TEST(EmulatorLimits, ten_thousand_events) {
  Account1 aws;
  EXPECT_EQ(aws.put(10'000, 1).status, 200);
  EXPECT_EQ(aws.put(10'001, 1).status, 400);
  EXPECT_EQ(aws.breaches("batch_events"), 1);
}

TEST(EmulatorLimits, order_and_span_to_the_millisecond) {
  Account1 aws;
  const int64_t day = kSpanMsMax;
  EXPECT_EQ(aws.put(2, 1, {-day, 0}).status, 200);
  EXPECT_EQ(aws.total(), 0);
  EXPECT_EQ(aws.put(2, 1, {-day - 1, 0}).status, 400);
  EXPECT_EQ(aws.breaches("span"), 1);
  EXPECT_EQ(aws.put(2, 1, {0, 0}).status, 200);
  EXPECT_EQ(aws.put(2, 1, {0, -1}).status, 400);
  EXPECT_EQ(aws.breaches("order"), 1);
}

TEST(EmulatorLimits, what_is_too_old_or_too_new_is_told_by_index_and_the_rest_taken) {
  Account1 aws;
  // The emulator's clock goes on, so a boundary of its own is a second wide.
  EXPECT_EQ(aws.put(1, 1, {kTooNewMs}).body.find("rejected"), std::string::npos);
  const std::string new_ones = aws.put(3, 1, {0, kTooNewMs + 1000, kTooNewMs + 2000}).body;
  EXPECT_NE(new_ones.find(R"("tooNewLogEventStartIndex":1)"), std::string::npos) << new_ones;
  EXPECT_EQ(aws.put(1, 1, {-kTooOldMs + 1000}).body.find("rejected"), std::string::npos);
  const std::string old_ones = aws.put(2, 1, {-kTooOldMs - 1, -kTooOldMs + 2000}).body;
  EXPECT_NE(old_ones.find(R"("tooOldLogEventEndIndex":1)"), std::string::npos) << old_ones;
  EXPECT_EQ(aws.total(), 0);
}

TEST(EmulatorLimits, empty_batches_messages_unknown_members_and_broken_text_are_refused) {
  Account1 aws;
  const std::string head = R"({"logGroupName":"/g","logStreamName":"s","logEvents":[)";
  for (const std::string& bad : {head + "]}", head + R"({"timestamp":1,"message":""}]})",
                                 head + R"({"timestamp":1,"message":"a","level":"x"}]})",
                                 head + "{\"timestamp\":1,\"message\":\"\xff\"}]}",
                                 head + R"({"timestamp":1,"message":"a"})"}) {
    EXPECT_EQ(aws.call("PutLogEvents", bad).status, 400) << bad;
  }
  EXPECT_EQ(aws.total(), 5);
}

TEST(EmulatorLimits, a_metric_filter_counts_what_its_pattern_matches) {
  Account1 aws;
  EXPECT_EQ(aws.call("PutMetricFilter",
                     R"({"logGroupName":"/g","filterName":"errors",
                         "filterPattern":"{ $.level = \"ERROR\" || $.level = \"FATAL\" }",
                         "metricTransformations":[{"metricName":"e"}]})")
                .status,
            200);
  std::string body = R"({"logGroupName":"/g","logStreamName":"s","logEvents":[)";
  for (const char* level : {"INFO", "ERROR", "FATAL", "WARN"})
    body += std::string(body.back() == '[' ? "" : ",") +
            "{\"timestamp\":" + std::to_string(aws.clock.now_ms()) +
            ",\"message\":\"{\\\"level\\\":\\\"" + level + "\\\"}\"}";
  EXPECT_EQ(aws.call("PutLogEvents", body + "]}").status, 200);
  const json::object report = aws.logs.report();
  EXPECT_EQ(report.at("groups").as_array()[0].at("filter_matches").at("errors"), 2);
}

TEST(EmulatorLimits, a_token_of_the_metadata_service_lives_1_to_21600_seconds) {
  Account1 aws;
  Identity identity(aws.account, aws.clock, aws.violations);
  Machine machine(aws.account, aws.clock, aws.violations, identity);
  const auto status_of = [&](http::ServerRequest request, const char* name, std::string value) {
    if (!value.empty()) request.headers.emplace_back(name, value);
    Call call;
    call.http = &request;
    call.service = "imds";
    call.operation = request.path;
    const Answer answer = machine.answer(call);
    return std::pair(answer.status, answer.body);
  };
  const auto token_of = [&](const std::string& lifetime) {
    http::ServerRequest request;
    request.method = "PUT";
    request.path = "/latest/api/token";
    return status_of(request, "X-aws-ec2-metadata-token-ttl-seconds", lifetime);
  };
  for (const char* good : {"1", "21600"}) EXPECT_EQ(token_of(good).first, 200) << good;
  EXPECT_EQ(aws.total(), 0);
  for (const char* bad : {"0", "21601", "", "-1", "x"}) EXPECT_EQ(token_of(bad).first, 400) << bad;
  EXPECT_EQ(aws.breaches("imds"), 5);
  // To the millisecond, by a clock that stands still.
  aws.clock.stop_at_ms(aws.clock.now_ms());
  const std::string token = token_of("1").second;
  const auto asks = [&] {
    http::ServerRequest request;
    request.method = "GET";
    request.path = "/latest/meta-data/instance-id";
    return status_of(request, "X-aws-ec2-metadata-token", token).first;
  };
  const int64_t then_ms = aws.clock.now_ms();
  aws.clock.stop_at_ms(then_ms + 999);
  EXPECT_EQ(asks(), 200);
  aws.clock.stop_at_ms(then_ms + 1000);
  EXPECT_EQ(asks(), 401);
}

TEST(EmulatorLimits, keys_tell_duplicates_from_losses) {
  KeysSeen keys;
  const auto entry = [](int number) {
    return R"({"message":"m","boot":"b","ring":"0.0","seq":)" + std::to_string(number) + "}";
  };
  for (const int number : {0, 1, 2, 2, 5, 4, 9}) keys.note(entry(number));
  const json::object report = keys.report();
  EXPECT_EQ(report.at("distinct"), 6);
  EXPECT_EQ(report.at("duplicates"), 1);
  EXPECT_EQ(report.at("missing"), 4);
}

}  // namespace
}  // namespace outrigger::emulator
