#include <gtest/gtest.h>

#include <string>

#include "json/read.h"

namespace outrigger::json {
namespace {

std::string again(std::string_view text) {
  const Result<Json> value = read(text);
  return value.ok() ? value->dump() : value.error().message;
}

TEST(JsonRead, every_kind_of_value) {
  for (const char* text :
       {"null", "true", "false", "0", "-9223372036854775808", "18446744073709551615", "1.5", "\"\"",
        R"("a\"b")", "[]", "{}", R"({"b":1,"a":[1,2,{"c":null}]})"}) {
    EXPECT_EQ(again(text), text);
  }
  EXPECT_EQ(again(" \n{ \"a\" : 1 }\t"), R"({"a":1})") << "white space around it";
  EXPECT_EQ(again(R"("\u00e4\ud83d\ude00")"), "\"\xc3\xa4\xf0\x9f\x98\x80\"");
}

TEST(JsonRead, what_is_not_json_is_said_where) {
  EXPECT_EQ(again("{\"a\":1,}"), "not JSON at byte 7: syntax error");
  for (const char* text : {"", " ", "{", "[1,", "\"a", "nul", "01", "'a'", "{a:1}", "[1] 2", "NaN",
                           "\"\x01\"", "\"\xff\""}) {
    const Result<Json> value = read(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().kind, ErrorKind::kBadInput) << text;
    EXPECT_EQ(value.error().message.find("not JSON at byte "), 0u) << value.error().message;
  }
}

TEST(JsonRead, depth_is_bounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(read(nested(kDepthMax)).ok());
  EXPECT_FALSE(read(nested(kDepthMax + 1)).ok());
  EXPECT_FALSE(read(std::string(1u << 20, '[')).ok());
}

TEST(JsonRead, many_members_take_linear_time) {
  // A megabyte, 90,000 members: a quadratic reader would take minutes.
  std::string text = "{";
  for (int i = 0; i < 90'000; ++i)
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + std::to_string(i % 10);
  const Result<Json> value = read(text + "}");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->size(), 90'000u);
}

TEST(JsonRead, numbers_as_they_are) {
  EXPECT_EQ(read("3")->as_integer(), 3);
  EXPECT_EQ(read("3.5")->as_number(), 3.5);
  EXPECT_EQ(read("3.5")->as_integer(), std::nullopt);
  EXPECT_EQ(read("18446744073709551615")->as_integer(), std::nullopt);
  EXPECT_FALSE(read("\"3\"")->is_number());
}

}  // namespace
}  // namespace outrigger::json
