// What a program can leave out: threads, the hooks, the record, waits, allocations. And a keeper that
// stands still.
#include <gtest/gtest.h>
#include <signal.h>

#include "reading.h"

namespace outrigger::whole {
namespace {

TEST(Controls, a_thread_that_is_excluded_is_not_in_the_profile_and_no_record_is_made) {
  Program program(LOAD, run("excluded", {"--record", "0"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  const std::string shown = http(port, "/debug/pprof/profile?seconds=4&debug=1", "GET", 60s).body;
  EXPECT_NE(shown.find("burns_ten"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("burns_twenty"), std::string::npos) << shown;
  // The service has run for more than the two seconds after which a record begins.
  const std::string recorded = http(port, "/debug/pprof/profile?since=10m&debug=1").body;
  const double taken = number_before(shown, " samples of");
  EXPECT_GT(taken, 0) << shown;
  EXPECT_LE(number_before(recorded, " samples of"), taken) << recorded;
}

TEST(Controls, hooks_that_are_not_linked_are_told_of) {
  Program program(LOAD_BARE, run("convoy", {"--threads", "3"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  ASSERT_TRUE(eventually(kPatience, [&] { return http(port, "/readyz").status == 200; }));
  for (const char* path : {"heap", "allocs", "mutex", "block"}) {
    const HttpAnswer answer = http(port, std::string("/debug/pprof/") + path, "GET", 60s);
    EXPECT_EQ(answer.status, 503) << path;
    EXPECT_NE(answer.body.find("linked without"), std::string::npos) << answer.body;
  }
  const HttpAnswer cpu = http(port, "/debug/pprof/profile?seconds=1&debug=1", "GET", 60s);
  EXPECT_EQ(cpu.status, 200) << cpu.body;
  EXPECT_NE(cpu.body.find("stands_in_the_convoy"), std::string::npos) << cpu.body;
}

TEST(Controls, nothing_is_sampled_where_the_interval_is_none) {
  Program program(LOAD, run("convoy", {"--threads", "3", "--interval", "0", "--no-waits"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  ASSERT_TRUE(eventually(kPatience, [&] { return http(port, "/readyz").status == 200; }));
  for (const char* path : {"mutex", "heap"}) {
    const std::string url = std::string("/debug/pprof/") + path + "?seconds=2&debug=1";
    const HttpAnswer answer = http(port, url, "GET", 60s);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body.find("\n#\t0x"), std::string::npos) << answer.body;
  }
  // Go's clients ask for a garbage collection.
  EXPECT_EQ(http(port, "/debug/pprof/heap?gc=1", "GET", 60s).status, 200);
}

// While the keeper does not take samples, those to come stand for those without room; what is freed
// is freed.
void expect_no_free_lost(const std::string& file) {
  Program program(file, run("hold", {"--megabytes", "64", "--interval", "4096"}));
  const int port = program.admin_port();
  const int service = program.service_port();
  ASSERT_NE(port, 0) << program.err();
  ASSERT_NE(service, 0) << program.err();
  Scratch scratch;
  const auto live_percent = [&] {
    write_file(scratch.path("heap"), http(port, "/debug/pprof/heap", "GET", 60s).body);
    const std::string top = go_tool_pprof("-top -sample_index=inuse_space", scratch.path("heap"));
    return share_of(shares(top), "holds_three_quarters").flat;
  };
  ASSERT_TRUE(eventually(kPatience, [&] { return live_percent() > 50; }));
  const pid_t keeper = program.keeper_pid();
  ASSERT_GT(keeper, 0);
  kill(keeper, SIGSTOP);
  const HttpAnswer dropped = http(service, "/drop", "POST");
  kill(keeper, SIGCONT);
  ASSERT_EQ(dropped.status, 200) << dropped.body;
  EXPECT_TRUE(eventually(kPatience, [&] { return live_percent() == 0; }));
}
TEST(Controls, no_free_is_lost_while_the_keeper_stands_still) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_no_free_lost);
}

}  // namespace
}  // namespace outrigger::whole
