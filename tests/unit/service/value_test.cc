#include "outrigger/internal/value.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace outrigger::internal {
namespace {

using namespace std::chrono_literals;

template <typename T>
T good(std::string_view text) {
  const Result<T> value = parse_value<T>("x", text);
  EXPECT_TRUE(value.ok()) << text << ": " << (value.ok() ? "" : value.error().message);
  return value.ok() ? value.value() : T{};
}
template <typename T>
std::string bad(std::string_view text) {
  const Result<T> value = parse_value<T>("x", text);
  EXPECT_FALSE(value.ok()) << text;
  return value.ok() ? "" : value.error().message;
}

TEST(Value, booleans) {
  for (const char* yes : {"true", "yes", "on", "1"}) EXPECT_TRUE(good<bool>(yes));
  for (const char* no : {"false", "no", "off", "0"}) EXPECT_FALSE(good<bool>(no));
  EXPECT_EQ(bad<bool>("maybe"), "x \"maybe\" will not do: expected true or false");
  bad<bool>("");
  bad<bool>("True ");
}

TEST(Value, integers_within_their_type) {
  EXPECT_EQ(good<int>("-42"), -42);
  EXPECT_EQ(good<int>("+42"), 42);
  EXPECT_EQ(good<int64_t>("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(good<uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(good<uint8_t>("255"), 255);
  EXPECT_EQ(bad<uint8_t>("256"), "x \"256\" will not do: expected a whole number from 0 to 255");
  EXPECT_EQ(bad<uint8_t>("-1"), "x \"-1\" will not do: expected a whole number from 0 to 255");
  EXPECT_EQ(bad<int>("99999999999999999999"),
            "x \"99999999999999999999\" will not do: expected a whole number from -2147483648 to "
            "2147483647");
  for (const char* text : {"", " 1", "1 ", "1.5", "0x10", "one", "-", "+", "+-1", "--1"}) {
    EXPECT_EQ(bad<int>(text),
              "x \"" + std::string(text) + "\" will not do: expected a whole number");
  }
}

TEST(Value, numbers) {
  EXPECT_DOUBLE_EQ(good<double>("-1.5e3"), -1500);
  EXPECT_DOUBLE_EQ(good<double>("7"), 7);
  for (const char* text : {"", "nan", "inf", "1,5", "1.5x", "1e999"}) bad<double>(text);
}

TEST(Value, durations) {
  EXPECT_EQ(good<std::chrono::milliseconds>("250ms"), 250ms);
  EXPECT_EQ(good<std::chrono::milliseconds>("1.5s"), 1500ms);
  EXPECT_EQ(good<std::chrono::seconds>("1h30m"), 5400s);
  EXPECT_EQ(good<std::chrono::seconds>("1d"), 86400s);
  EXPECT_EQ(good<std::chrono::nanoseconds>("1us1ns"), 1001ns);
  EXPECT_EQ(good<std::chrono::seconds>("0"), 0s);
  EXPECT_EQ(bad<std::chrono::seconds>("1500ms"),
            "x \"1500ms\" will not do: expected a multiple of 1s");
  for (const char* text :
       {"", "10", "s", "10 s", "-1s", "10x", "1.2.3s", "10s5", ".", "99999999999999d"}) {
    EXPECT_EQ(bad<std::chrono::milliseconds>(text),
              "x \"" + std::string(text) +
                  "\" will not do: expected a duration like 250ms, 10s, 1.5m, 1h30m");
  }
}

TEST(Value, text_is_taken_as_it_is) {
  EXPECT_EQ(good<std::string>(""), "");
  EXPECT_EQ(good<std::string>(" a\nb "), " a\nb ");
}

// What is declared in code travels as text: nothing may be lost on the way.
TEST(Value, there_and_back) {
  for (const double number : {0.1, 1.0 / 3, 1e-300, 123456789.123}) {
    EXPECT_EQ(good<double>(value_text(number)), number);
  }
  for (const auto time : {1ns, 999'999'999ns, 90'061'001'001'001ns}) {
    EXPECT_EQ(good<std::chrono::nanoseconds>(value_text(time)), time);
  }
  EXPECT_EQ(value_text(std::chrono::milliseconds(90'500)), "1m30s500ms");
  EXPECT_EQ(value_text(std::chrono::seconds(0)), "0s");
  EXPECT_EQ(value_text(uint8_t{200}), "200");
  EXPECT_EQ(value_text(true), "true");
}

}  // namespace
}  // namespace outrigger::internal
