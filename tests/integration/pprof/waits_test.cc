// Who waits for whom: a lock convoy beside a pool that idles.
#include <gtest/gtest.h>

#include "reading.h"

namespace outrigger::whole {
namespace {

void expect_the_convoy(const std::string& file) {
  Program program(file, run("convoy", {"--threads", "5"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  Scratch scratch;
  // Until there are samples enough, however slow the machine: then the last seconds alone.
  std::string all;
  ASSERT_TRUE(eventually(60s, [&] {
    all = http(port, "/debug/pprof/mutex?debug=1", "GET", 60s).body;
    return number_before(all, " so far") > 300;
  })) << all;
  HttpAnswer answer = http(port, "/debug/pprof/mutex?seconds=2", "GET", 60s);
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("mutex"), answer.body);
  const std::string top = go_tool_pprof("-top -nodecount=1", scratch.path("mutex"));
  EXPECT_GT(share_of(shares(top), "stands_in_the_convoy").flat, 95) << top;
  EXPECT_NE(top.find("Type: delay"), std::string::npos) << top;
  printf("%s", top.c_str());
  const std::string counts =
      go_tool_pprof("-top -nodecount=1 -sample_index=contentions", scratch.path("mutex"));
  EXPECT_GT(share_of(shares(counts), "stands_in_the_convoy").flat, 50) << counts;
  answer = http(port, "/debug/pprof/block", "GET", 60s);
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("block"), answer.body);
  const auto block = shares(go_tool_pprof("-top -nodecount=1000", scratch.path("block")));
  EXPECT_GT(share_of(block, "stands_in_the_convoy").cumulative, 0);
  EXPECT_GT(share_of(block, "waits_for_work").cumulative, 0);
}

TEST(Waits, a_lock_convoy_is_named_first) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_the_convoy);
}

}  // namespace
}  // namespace outrigger::whole
