// What is recorded without anybody having asked for it.
#include <gtest/gtest.h>

#include "reading.h"

namespace outrigger::whole {
namespace {

void expect_record(const std::string& file) {
  Program program(file, run("split"));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  HttpAnswer answer;
  EXPECT_TRUE(eventually(kPatience, [&] {
    answer = http(port, "/debug/pprof/profile?since=10m&debug=1");
    return number_before(answer.body, " samples of") >= 30;
  })) << answer.body;
  Scratch scratch;
  answer = http(port, "/debug/pprof/profile?since=10m");
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("record"), answer.body);
  const std::string top = go_tool_pprof("-top", scratch.path("record"));
  // Thirty samples: three standard deviations of 70 % are 25 points.
  EXPECT_NEAR(share_of(shares(top), "burns_seventy").cumulative, 70, 28) << top;
  const std::string comments = go_tool_pprof("-comments", scratch.path("record"));
  EXPECT_NE(comments.find("recorded in the last"), std::string::npos) << comments;
  // A profile that is asked for has its own rate, and what it takes is recorded too.
  const std::string asked = http(port, "/debug/pprof/profile?seconds=1&debug=1").body;
  EXPECT_NE(asked.find("(asked: 100)"), std::string::npos) << asked;
  printf("%s%s\n", comments.c_str(), asked.substr(0, asked.find('\n')).c_str());
}

TEST(Record, of_the_last_minutes_is_there_at_once) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_record);
}

// The service has an alarm: ServiceMemory > 128 MB.
TEST(Kept, is_a_heap_profile_of_when_an_alarms_line_was_passed) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("hold"));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  std::string index;
  ASSERT_TRUE(eventually(60s, [&] {
    index = http(port, "/debug/pprof/").body;
    return index.find("Large: ServiceMemory at ") != std::string::npos;
  })) << index;
  const std::string link = "/debug/pprof/kept?number=";
  const size_t at = index.rfind(link, index.find("Large: ServiceMemory"));
  ASSERT_NE(at, std::string::npos) << index;
  const HttpAnswer answer = http(port, index.substr(at, index.find('"', at) - at));
  ASSERT_EQ(answer.status, 200) << answer.body;
  Scratch scratch;
  write_file(scratch.path("kept"), answer.body);
  const std::string top = go_tool_pprof("-top", scratch.path("kept"));
  EXPECT_GT(share_of(shares(top), "holds_three_quarters").flat, 50) << top;
  printf("%s\n", index.substr(at, index.find('\n', at) - at).c_str());
}

}  // namespace
}  // namespace outrigger::whole
