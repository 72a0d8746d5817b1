#include "outrigger/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace outrigger {
namespace {

TEST(Json, an_object_as_the_contract_writes_it) {
  const std::string name = "Ada";
  EXPECT_EQ((Json{{"greeting", "Hi, " + name}}).dump(), R"({"greeting":"Hi, Ada"})");
  EXPECT_EQ((Json{{"b", 1}, {"a", 2}}).dump(), R"({"b":1,"a":2})") << "order is kept";
  EXPECT_EQ((Json{{"outer", {{"inner", "x"}}}}).dump(), R"({"outer":{"inner":"x"}})");
}

TEST(Json, every_type) {
  EXPECT_EQ(Json().dump(), "null");
  EXPECT_EQ(Json(nullptr).dump(), "null");
  EXPECT_EQ(Json(true).dump(), "true");
  EXPECT_EQ(Json(-7).dump(), "-7");
  EXPECT_EQ(Json(std::numeric_limits<int64_t>::min()).dump(), "-9223372036854775808");
  EXPECT_EQ(Json(std::numeric_limits<uint64_t>::max()).dump(), "18446744073709551615");
  EXPECT_EQ(Json(0.1).dump(), "0.1");
  EXPECT_EQ(Json(1e300).dump(), "1e+300");
  EXPECT_EQ(Json(2.0f).dump(), "2");
  EXPECT_EQ(Json("text").dump(), R"("text")");
  EXPECT_EQ(Json(std::string_view("view")).dump(), R"("view")");
  EXPECT_EQ(Json::array({1, "two", nullptr, Json::array()}).dump(), R"([1,"two",null,[]])");
  EXPECT_EQ(Json::object().dump(), "{}");
}

TEST(Json, numbers_that_json_lacks_become_null) {
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
  EXPECT_EQ(Json(-std::numeric_limits<double>::infinity()).dump(), "null");
}

TEST(Json, text_is_escaped) {
  EXPECT_EQ(Json("a\"b\\c\n\r\t\x01\x1f\x7f/").dump(), R"("a\"b\\c\n\r\t\u0001\u001f\u007f/")");
  EXPECT_EQ(Json(std::string("nul\0nul", 7)).dump(), R"("nul\u0000nul")");
  EXPECT_EQ(Json("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa3").dump(),
            "\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa3\"");
}

TEST(Json, what_is_not_utf8_is_replaced) {
  constexpr char kReplaced[] = "\xef\xbf\xbd";
  EXPECT_EQ(Json("\xff").dump(), std::string("\"") + kReplaced + "\"");
  EXPECT_EQ(Json("\xc3").dump(), std::string("\"") + kReplaced + "\"") << "cut off";
  EXPECT_EQ(Json("\xc0\xaf").dump(), std::string("\"") + kReplaced + kReplaced + "\"")
      << "overlong";
  EXPECT_EQ(Json("\xed\xa0\x80").dump(),
            std::string("\"") + kReplaced + kReplaced + kReplaced + "\"")
      << "surrogate";
  EXPECT_EQ(Json("\xf4\x90\x80\x80x").dump().back(), '"') << "beyond U+10FFFF";
  EXPECT_EQ(Json("\xe2\x82").dump(), std::string("\"") + kReplaced + kReplaced + "\"");
}

TEST(Json, grows) {
  Json value;
  value["a"]["b"] = 1;
  value["list"].push_back(2);
  value["list"].push_back("three");
  value["a"]["b"] = false;
  EXPECT_EQ(value.dump(), R"({"a":{"b":false},"list":[2,"three"]})");
  EXPECT_EQ(value.size(), 2u);
  ASSERT_NE(value.find("list"), nullptr);
  EXPECT_EQ(value.find("list")->as_array()->size(), 2u);
  EXPECT_EQ(value.find("nothing"), nullptr);
  EXPECT_EQ(Json(3).find("x"), nullptr);
}

TEST(Json, pretty_is_for_people) {
  EXPECT_EQ((Json{{"a", 1}, {"b", Json::array({true, Json::object()})}}).pretty(),
            "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    {}\n  ]\n}");
}

TEST(Json, copies_are_equal_and_apart) {
  const Json first{{"a", Json::array({1, 2})}};
  Json second{first};
  EXPECT_EQ(first, second);
  second["a"].push_back(3);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace outrigger
