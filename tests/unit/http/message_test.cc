#include "http/message.h"

#include <gtest/gtest.h>

#include "http/date.h"

namespace outrigger::http {
namespace {

TEST(HttpDate, is_as_the_standard_s_example) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(http_date(4107542399), "Sun, 28 Feb 2100 23:59:59 GMT");
  EXPECT_EQ(http_date(4107542400), "Mon, 01 Mar 2100 00:00:00 GMT");
}

TEST(Rfc3339, has_milliseconds_and_is_utc) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(784111777'042'999'999), "1994-11-06T08:49:37.042Z");
  EXPECT_EQ(rfc3339(-5), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(INT64_MAX), "2262-04-11T23:47:16.854Z");
}

TEST(AnswerHead, carries_what_every_answer_carries) {
  ServerResponse response;
  response.status = 404;
  const std::string head = answer_head(response, Length::of(12), AfterAnswer::kClose, 0);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  for (const char* line :
       {"\r\nContent-Length: 12\r\n", "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nCache-Control: no-store\r\n", "\r\nConnection: close\r\n",
        "\r\nContent-Type: application/json\r\n", "\r\nDate: Thu, 01 Jan 1970"}) {
    EXPECT_NE(head.find(line), std::string::npos) << line;
  }
}

TEST(AnswerHead, lets_no_header_value_begin_another_header) {
  ServerResponse response;
  response.headers = {{"Location", "/a\r\nSet-Cookie: b=c"}};
  const std::string head = answer_head(response, Length::of(0), AfterAnswer::kKeepAlive, 0);
  EXPECT_EQ(head.find("\r\nSet-Cookie"), std::string::npos);
}

TEST(AnswerHead, has_no_length_where_there_can_be_no_body) {
  ServerResponse response;
  response.status = 204;
  EXPECT_EQ(answer_head(response, Length::of(0), AfterAnswer::kKeepAlive, 0).find("\r\nContent-"),
            std::string::npos);
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

TEST(JsonString, escapes_what_json_wants_escaped) {
  EXPECT_EQ(json_string("a\"b\\c\n\t\r\x01\x7f"), R"("a\"b\\c\n\t\r\u0001\u007f")");
  EXPECT_EQ(json_string("Gr\xc3\xbc\xc3\x9f\xe2\x82\xac\xf0\x9f\x9b\xb6"),
            "\"Gr\xc3\xbc\xc3\x9f\xe2\x82\xac\xf0\x9f\x9b\xb6\"");
  EXPECT_EQ(json_string(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(JsonString, replaces_what_is_not_utf8) {
  EXPECT_EQ(json_string("\xff"), R"("\ufffd")");
  EXPECT_EQ(json_string("a\xc3"), R"("a\ufffd")");                              // cut off
  EXPECT_EQ(json_string("\xc0\xaf"), R"("\ufffd\ufffd")");                      // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");            // a surrogate
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // above U+10FFFF
}

TEST(SameToken, ignores_case_and_nothing_else) {
  EXPECT_TRUE(same_token("Host", "hOST"));
  EXPECT_FALSE(same_token("Host", "Hosts"));
  EXPECT_FALSE(same_token("[", "{"));
}

}  // namespace
}  // namespace outrigger::http
