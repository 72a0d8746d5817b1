#include "base/number.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace outrigger::base {
namespace {

std::string text_of(double number) {
  std::string text = "x";
  append_number(text, number);
  return text.substr(1);
}

TEST(Number, has_its_shortest_text) {
  EXPECT_EQ(text_of(0), "0");
  EXPECT_EQ(text_of(-0.0), "-0");
  EXPECT_EQ(text_of(3), "3");
  EXPECT_EQ(text_of(-3), "-3");
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(1e15), "1000000000000000");
  EXPECT_EQ(text_of(9007199254740991), "9007199254740991");
  EXPECT_EQ(text_of(1e300), "1e+300");
  EXPECT_EQ(text_of(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(text_of(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(Number, reads_back_as_the_same) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    double number = std::bit_cast<double>(random());
    // Half of them whole, around the size from which whole numbers have gaps.
    if (i % 2 == 0)
      number = std::trunc(std::ldexp(1.0 + (random() >> 12) * 0x1p-52, random() % 70));
    if (!std::isfinite(number)) continue;
    const std::string text = text_of(number);
    ASSERT_EQ(std::bit_cast<uint64_t>(strtod(text.c_str(), nullptr)),
              std::bit_cast<uint64_t>(number))
        << text;
  }
}

}  // namespace
}  // namespace outrigger::base
