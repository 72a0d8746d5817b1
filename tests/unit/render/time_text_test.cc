#include "render/time_text.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdio>
#include <random>
#include <string>

namespace outrigger::render {
namespace {

std::string expected(int64_t time_ns) {
  const time_t seconds = time_ns / 1'000'000'000;
  tm parts;
  gmtime_r(&seconds, &parts);
  char text[64];
  snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
           parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
           static_cast<int>(time_ns / 1'000'000 % 1000));
  return text;
}

std::string written(TimeText& time, int64_t time_ns) {
  char text[TimeText::kBytes];
  time.write(text, time_ns);
  return {text, sizeof(text)};
}

TEST(TimeText, agrees_with_the_library_at_any_time) {
  TimeText time;
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const auto at = static_cast<int64_t>(random() >> 1);
    EXPECT_EQ(written(time, at), expected(at));
    EXPECT_EQ(written(time, at + 1'000'000'000), expected(at + 1'000'000'000))
        << "the next second of the same minute";
  }
}

TEST(TimeText, calendar_edges) {
  TimeText time;
  EXPECT_EQ(written(time, 0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(written(time, 951'782'400'000'000'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(written(time, 4'107'542'399'999'999'999), "2100-02-28T23:59:59.999Z");
  EXPECT_EQ(written(time, INT64_MAX), expected(INT64_MAX));
}

TEST(TimeText, times_before_1970_show_as_1970) {
  TimeText time;
  EXPECT_EQ(written(time, INT64_MIN), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(written(time, -1), "1970-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace outrigger::render
