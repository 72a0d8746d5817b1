#include "keeper/batch.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "keeper/pace.h"
#include "lines_for_shipping.h"

namespace outrigger::keeper {
namespace {

constexpr BatchLimits kLimits;

struct CutResult {
  size_t bytes;
  size_t events;
  bool full;
};
CutResult cut(std::string_view lines) {
  BatchCut cut(kLimits);
  const size_t bytes = cut.extend(lines);
  return {bytes, cut.events(), cut.is_full()};
}

boost::json::object body_of(std::string_view lines) {
  BatchBody body;
  body.build(lines, lines_of(lines), "/g", "s", kLimits);
  return boost::json::parse({body.bytes().data(), body.bytes().size()}).as_object();
}

TEST(LogLine, time_level_and_calls_are_read) {
  LineClock clock;
  const std::string line = line_at(kNoonMs, 7, "m", "ERROR");
  EXPECT_EQ(clock.time_ms(line), kNoonMs);
  EXPECT_EQ(clock.time_ms(line_at(kNoonMs + 86'400'000 * 400LL + 59'999, 1)),
            kNoonMs + 86'400'000 * 400LL + 59'999);
  EXPECT_EQ(clock.time_ms("{}"), 0);
  EXPECT_EQ(level_of_line(line), 4u);
  EXPECT_EQ(calls_of_line(line), 1u);
}

TEST(LogLine, only_the_keepers_own_word_of_drops_counts_for_more) {
  const std::string own =
      "{\"time\":\"2026-11-24T12:00:00.123Z\",\"level\":\"WARN\",\"message\":\"dropped 1,204 "
      "entries "
      "between\",\"thread\":\"keeper\",\"boot\":\"00\",\"ring\":\"keeper.0\",\"seq\":1,\"count\":"
      "1204}";
  EXPECT_EQ(calls_of_line(own), 1205u);
  std::string users = own;
  users.replace(users.find("\",\"thread\""), 1, "\",\"source\":\"a.cc:1\"");
  EXPECT_EQ(calls_of_line(users), 1u);
  std::string printed = own;
  printed.replace(printed.find("keeper.0"), 6, "stdout");
  EXPECT_EQ(calls_of_line(printed), 1u);
}

TEST(BatchCut, bytes_fill_a_batch_to_the_last_one) {
  // 1024 events of 998 + 26 bytes are 1,048,576; a line has its end besides.
  std::string lines;
  for (int i = 0; i < 1023; ++i) lines += line_of(999, kNoonMs);
  const auto exact = cut(lines + line_of(999, kNoonMs));
  EXPECT_EQ(exact.events, 1024u);
  EXPECT_FALSE(exact.full) << "nothing more came yet";
  const auto over = cut(lines + line_of(1000, kNoonMs));
  EXPECT_EQ(over.events, 1023u);
  EXPECT_TRUE(over.full);
}

TEST(BatchCut, ten_thousand_events) {
  std::string lines;
  for (int i = 0; i < 10'001; ++i) lines += "{\"t\":1}\n";
  const auto result = cut(lines);
  EXPECT_EQ(result.events, 10'000u);
  EXPECT_TRUE(result.full);
}

TEST(BatchCut, a_day_and_no_millisecond_more) {
  const int64_t day = 86'400'000;
  EXPECT_EQ(cut(line_at(kNoonMs, 0) + line_at(kNoonMs + day, 1)).events, 2u);
  EXPECT_EQ(cut(line_at(kNoonMs, 0) + line_at(kNoonMs + day + 1, 1)).events, 1u);
  EXPECT_EQ(cut(line_at(kNoonMs, 0) + line_at(kNoonMs - day - 1, 1)).events, 1u) << "backwards too";
}

TEST(BatchCut, goes_on_where_it_stopped) {
  BatchCut cut(kLimits);
  const std::string one = line_at(kNoonMs, 0), both = one + line_at(kNoonMs, 1);
  EXPECT_EQ(cut.extend(one), one.size());
  EXPECT_EQ(cut.extend(both), both.size());
  EXPECT_EQ(cut.events(), 2u);
}

TEST(BatchBody, is_json_whose_messages_are_the_lines) {
  const std::string line = line_at(kNoonMs, 1, "a \\\"quoted\\\" \\\\ word, \xc3\xbc");
  const boost::json::object body = body_of(line);
  EXPECT_EQ(body.at("logGroupName"), "/g");
  const boost::json::object& event = body.at("logEvents").as_array().at(0).as_object();
  EXPECT_EQ(event.at("timestamp"), kNoonMs);
  EXPECT_EQ(event.at("message").as_string(), line.substr(0, line.size() - 1));
}

TEST(BatchBody, is_in_the_order_of_time_and_keeps_the_order_of_equals) {
  const boost::json::object body = body_of(line_at(kNoonMs + 2, 0) + line_at(kNoonMs, 1) +
                                           line_at(kNoonMs + 2, 2) + line_at(kNoonMs + 1, 3));
  std::string order;
  for (const auto& event : body.at("logEvents").as_array()) {
    const std::string message(event.at("message").as_string());
    order += message.substr(message.find("\"seq\":") + 6, 1);
  }
  EXPECT_EQ(order, "1302");
}

TEST(BatchBody, an_entry_that_is_too_long_is_still_json_with_its_key) {
  const size_t limit = kLimits.event_bytes_max();
  EXPECT_EQ(truncated(line_of(limit + 1, kNoonMs).substr(0, limit), limit).size(), limit);
  for (const std::string_view filling : {"x", "\xc3\xbc", "\\\"", "\\u00e4", "\xf0\x9f\x98\x80"}) {
    std::string message;
    while (message.size() < 1'200'000) message += filling;
    std::string line = line_at(kNoonMs, 77, message, "ERROR");
    line.pop_back();
    const std::string kept = truncated(line, limit);
    EXPECT_LE(kept.size(), limit);
    EXPECT_GT(kept.size(), limit - 200);
    boost::json::error_code error;
    const auto parsed = boost::json::parse(kept, error);
    ASSERT_FALSE(error) << filling;
    EXPECT_EQ(parsed.at("seq"), 77);
    EXPECT_EQ(parsed.at("level"), "ERROR");
    EXPECT_NE(kept.find("[truncated "), std::string::npos);
  }
}

TEST(BatchBody, fields_that_are_too_long_go_and_the_key_stays) {
  std::string line = line_at(kNoonMs, 78);
  line.resize(line.size() - 2);
  line += ",\"a\":1,\"b\":\"" + std::string(1'100'000, 'y') + "\",\"c\":2}";
  const std::string kept = truncated(line, kLimits.event_bytes_max());
  boost::json::error_code error;
  const auto parsed = boost::json::parse(kept, error);
  ASSERT_FALSE(error);
  EXPECT_EQ(parsed.at("seq"), 78);
  EXPECT_EQ(parsed.at("a"), 1);
  EXPECT_GT(parsed.at("truncated_bytes").as_int64(), 1'000'000);
}

TEST(Rejected, indexes_are_counted_once_and_never_beyond_the_batch) {
  std::vector<SentEvent> events(10, SentEvent{kNoonMs, 2, 1});
  events[1].calls = 5;
  const RejectedTallies tallies =
      tally_rejected(events, {.too_new_start = 8, .too_old_end = 2, .expired_end = 4});
  EXPECT_EQ(tallies.too_old.lines, 2u);
  EXPECT_EQ(tallies.too_old.all_calls(), 6u);
  EXPECT_EQ(tallies.expired.lines, 2u);
  EXPECT_EQ(tallies.too_new.lines, 2u);
  EXPECT_EQ(tally_rejected(events, {.too_old_end = 1'000}).too_old.lines, 10u);
  EXPECT_EQ(tally_rejected(events, {.too_new_start = 1'000}).too_new.lines, 0u);
  EXPECT_EQ(tally_rejected(events, {}).too_old.lines, 0u);
}

TEST(Pace, one_put_until_the_first_is_taken) {
  Pace pace(4);
  EXPECT_TRUE(pace.may_send(0, 0));
  EXPECT_FALSE(pace.may_send(0, 1));
  EXPECT_FALSE(pace.proven());
  pace.failed(0, 0.5);
  EXPECT_FALSE(pace.proven());
  pace.succeeded();
  EXPECT_TRUE(pace.proven());
  EXPECT_TRUE(pace.may_send(0, 3));
  EXPECT_FALSE(pace.may_send(0, 4));
}

TEST(Pace, one_put_now_and_then_while_nothing_is_taken) {
  Pace pace(4);
  pace.succeeded();
  EXPECT_TRUE(pace.may_send(0, 3));
  EXPECT_FALSE(pace.may_send(0, 4));
  int64_t now_ns = base::kNsPerSecond;
  pace.failed(now_ns, 0.99);
  pace.failed(now_ns, 0.99);  // was under way with the first
  EXPECT_FALSE(pace.may_send(now_ns, 0));
  EXPECT_LE(pace.next_ns(), now_ns + Pace::kFirstNs);
  for (int i = 0; i < 50; ++i) {
    now_ns = pace.next_ns();
    EXPECT_TRUE(pace.may_send(now_ns, 0));
    EXPECT_FALSE(pace.may_send(now_ns, 1));
    pace.failed(now_ns, 0.5);
    EXPECT_LE(pace.next_ns(), now_ns + Pace::kMaxNs);
  }
  EXPECT_GT(pace.next_ns(), now_ns + Pace::kMaxNs / 2);
  pace.make_haste(now_ns);
  EXPECT_TRUE(pace.may_send(now_ns, 0)) << "out of the middle of a pause";
  pace.failed(now_ns, 0.5);
  EXPECT_LE(pace.next_ns(), now_ns + Pace::kMaxInHasteNs);
  pace.succeeded();
  EXPECT_TRUE(pace.may_send(now_ns, 3));
}

}  // namespace
}  // namespace outrigger::keeper
