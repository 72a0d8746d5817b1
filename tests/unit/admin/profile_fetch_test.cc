#include "admin/profile_fetch.h"

#include <gtest/gtest.h>

namespace outrigger::admin {
namespace {

std::string piece(const std::string& name, int part, int parts, const std::string& data) {
  return R"({"message":"heap profile","profile":")" + name + R"(","part":)" + std::to_string(part) +
         R"(,"parts":)" + std::to_string(parts) + R"(,"data":")" + data + "\"}";
}

TEST(ProfileFetch, pieces_in_any_order_with_anything_before_them) {
  const std::string log = "noise\n2026-11-24 stream " + piece("heap-1", 2, 2, "ZA==") + "\n" +
                          "[pod] " + piece("heap-1", 1, 2, "YWJj") + "\n" +
                          piece("heap-1", 1, 2, "YWJj") + "\n";
  const auto profile = profile_in(log, "");
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_EQ(profile->bytes, "abcd");
  EXPECT_EQ(profile->name, "heap-1");
}

TEST(ProfileFetch, the_last_whole_one_or_the_one_that_is_named) {
  const std::string log = piece("heap-1", 1, 1, "YQ==") + "\n" + piece("heap-2", 1, 1, "Yg==") +
                          "\n" + piece("heap-3", 1, 2, "Yw==") + "\n";
  EXPECT_EQ(profile_in(log, "")->bytes, "b");
  EXPECT_EQ(profile_in(log, "heap-1")->bytes, "a");
  const auto missing = profile_in(log, "heap-3");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("heap-3 (1 of 2 parts)"), std::string::npos);
}

TEST(ProfileFetch, a_document_of_events_as_the_aws_command_prints_it) {
  const std::string log =
      R"({"events": [{"message": "{\"profile\":\"heap-1\",\"part\":1,\"parts\":1,\"data\":\"YQ==\"}"}]})";
  EXPECT_EQ(profile_in(log, "")->bytes, "a");
}

TEST(ProfileFetch, one_that_is_stored_elsewhere_is_told_where) {
  const std::string entry =
      R"({"message":"service ended","heap_profile":"heap-3","heap_parts":0,"heap_stored":"s3://b/k"})";
  const std::string log = piece("heap-1", 1, 1, "YQ==") + "\n" + entry + "\n";
  EXPECT_EQ(profile_in(log, "")->stored, "s3://b/k");
  EXPECT_EQ(profile_in(log, "heap-1")->stored, "");
  EXPECT_EQ(profile_in(log, "heap-1")->bytes, "a");
  EXPECT_FALSE(profile_in(R"({"heap_profile":"heap-3","heap_stored":""})", "").ok());
  for (const char* url : {"s3://", "s3://b", "s3:///k", "s3://b/", "https://b/k", ""})
    EXPECT_FALSE(stored_profile(url).ok()) << url;
}

TEST(ProfileFetch, what_is_no_piece_is_passed_over) {
  for (const std::string& log :
       {std::string(), std::string("{\"profile\""), piece("heap-1", 0, 1, "YQ=="),
        piece("heap-1", 1, 100'000'000, "YQ=="), piece("heap-1", 3, 2, "YQ=="),
        piece("heap-1", 1, 1, "*"), std::string(R"({"profile":1,"part":"x"})")}) {
    EXPECT_FALSE(profile_in(log, "").ok()) << log;
  }
}

}  // namespace
}  // namespace outrigger::admin
