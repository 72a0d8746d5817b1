#include "render/number.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cstdio>
#include <random>
#include <string>

namespace outrigger::render {
namespace {

std::string unsigned_text(uint64_t value) {
  char to[32];
  return {to, append_unsigned(to, value)};
}

std::string printed(double value, int decimals) {
  char to[512];
  const int bytes = snprintf(to, sizeof(to), "%.*f", decimals, value);
  return {to, static_cast<size_t>(bytes)};
}

void expect_like_printf(double value, int decimals) {
  char to[64];
  if (char* const end = append_fixed(to, value, decimals)) {
    EXPECT_EQ(std::string(to, end), printed(value, decimals)) << value;
  }
}

TEST(Number, integers_at_their_limits) {
  for (uint64_t value : {0ull, 9ull, 10ull, 99ull, 100ull, 12345ull, 18446744073709551615ull})
    EXPECT_EQ(unsigned_text(value), std::to_string(value));
  for (int64_t value : {int64_t{0}, int64_t{-1}, int64_t{-100}, INT64_MAX, INT64_MIN}) {
    char to[32];
    EXPECT_EQ(std::string(to, append_signed(to, value)), std::to_string(value));
  }
}

TEST(Number, fixed_rounds_ties_to_even_and_keeps_the_sign) {
  for (int decimals = 0; decimals <= 9; ++decimals) {
    for (double value : {0.0,
                         0.5,
                         1.5,
                         2.5,
                         0.125,
                         0.375,
                         1.005,
                         2.675,
                         -0.5,
                         -0.125,
                         -1e-9,
                         999.995,
                         0.1,
                         1e9,
                         0.05,
                         123456789.987654321,
                         4503599627370495.5,
                         1e-20,
                         DBL_MIN,
                         DBL_MAX,
                         9007199254740993.0})
      expect_like_printf(value, decimals);
  }
}

TEST(Number, fixed_is_taken_for_the_usual_numbers) {
  char to[64];
  for (double value : {0.0, 0.01, 1.0, 12.34, 99.999, -5.25, 1e6, 1e12})
    EXPECT_NE(append_fixed(to, value, 2), nullptr);
  // Left to fmt: beyond the integers that 64 bits hold, not finite, negative zero.
  for (double value : {1e300, 1e-300, -0.0, HUGE_VAL, -HUGE_VAL})
    EXPECT_EQ(append_fixed(to, value, 2), nullptr);
}

TEST(Number, fixed_agrees_with_printf_on_random_numbers) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 200'000; ++i) {
    const double value = static_cast<double>(static_cast<int64_t>(random())) /
                         static_cast<double>(random() >> (i % 60));
    expect_like_printf(value, i % 10);
    expect_like_printf(static_cast<double>(random() % 1'000'000) / 1000.0, 2);
    expect_like_printf(std::bit_cast<double>(random()), i % 10);
  }
}

}  // namespace
}  // namespace outrigger::render
