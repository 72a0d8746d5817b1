#include "greet.h"

#include <gtest/gtest.h>

TEST(Greet, says_the_name) {
  const auto result = greet("Hi", "Ada");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->dump(), R"({"greeting":"Hi, Ada"})");
}

TEST(Greet, needs_a_name) {
  const auto result = greet("Hi", "");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().parameter, "name");
}
