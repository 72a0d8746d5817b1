// Heap profiles of programs that hold, leak and hand around known amounts of memory.
#include <gtest/gtest.h>
#include <signal.h>

#include "reading.h"

namespace outrigger::whole {
namespace {

void expect_live_bytes(const std::string& file) {
  // Some 8,000 samples: five percent are then more than four standard deviations.
  Program program(file, run("hold", {"--threads", "0", "--interval", "32768"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  ASSERT_TRUE(eventually(60s, [&] { return program.out().find("held: ") != std::string::npos; }));
  const auto held = static_cast<double>(*json_number(program.out(), "bytes")) / (1 << 20);
  Scratch scratch;
  const HttpAnswer answer = http(port, "/debug/pprof/heap", "GET", 60s);
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("heap"), answer.body);
  const std::string top =
      go_tool_pprof("-top -focus=holds_ -sample_index=inuse_space", scratch.path("heap"));
  const auto all = shares(top);
  const std::string comments = go_tool_pprof("-comments", scratch.path("heap"));
  // On a machine that is busy elsewhere the keeper lags, and a sample that had to wait is borne by
  // the next one, whoever made that.
  const double waited = std::max(0.0, number_before(comments, " times a sample had to wait"));
  EXPECT_NEAR(megabytes_in(top), held, 0.05 * held + waited * 32768 / (1 << 20)) << top << comments;
  EXPECT_NEAR(share_of(all, "holds_three_quarters").flat, 75, 5) << top;
  EXPECT_NEAR(share_of(all, "holds_a_quarter").flat, 25, 5) << top;
  printf("%.1f MB held, %.1f MB shown\n%s", held, megabytes_in(top), comments.c_str());
  // What came and went counts as allocated: malloc, two of realloc, aligned_alloc and calloc.
  const std::string allocated =
      go_tool_pprof("-top -focus='^.*::hold$' -sample_index=alloc_space", scratch.path("heap"));
  EXPECT_GT(megabytes_in(allocated), 1.5 * held) << allocated;
}

TEST(HeapProfile, live_bytes_and_who_holds_them) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_live_bytes);
}

// What lived before a keeper's death, its successor shows too, though the samples are gone.
void expect_to_outlive_a_keeper(const std::string& file) {
  Program program(file, run("hold", {"--threads", "0", "--interval", "32768"}));
  ASSERT_NE(program.admin_port(), 0) << program.err();
  ASSERT_TRUE(eventually(60s, [&] { return program.out().find("held: ") != std::string::npos; }));
  Scratch scratch;
  const auto live = [&] {
    write_file(scratch.path("heap"),
               http(program.admin_port(), "/debug/pprof/heap", "GET", 60s).body);
    return go_tool_pprof("-top -focus=holds_ -sample_index=inuse_space", scratch.path("heap"));
  };
  const std::string before = live();
  const pid_t keeper = program.keeper_pid();
  ASSERT_GT(keeper, 0);
  kill(keeper, SIGKILL);
  ASSERT_TRUE(eventually(kPatience, [&] {
    const pid_t now = program.keeper_pid();
    return now > 0 && now != keeper;
  })) << program.err();
  const std::string after = live();
  EXPECT_GT(megabytes_in(before), 1) << before;
  EXPECT_EQ(megabytes_in(after), megabytes_in(before)) << before << after;
  EXPECT_NEAR(share_of(shares(after), "holds_three_quarters").flat, 75, 5) << after;
}

TEST(HeapProfile, of_what_lived_before_it_is_shown_by_a_successor_of_the_keeper) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_to_outlive_a_keeper);
}

TEST(HeapProfile, a_leak_in_one_function_is_named_first) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("leak", {"--interval", "32768"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  Scratch scratch;
  const HttpAnswer answer = http(port, "/debug/pprof/heap?seconds=2", "GET", 60s);
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("heap"), answer.body);
  const std::string top = go_tool_pprof("-top -nodecount=1", scratch.path("heap"));
  EXPECT_GT(share_of(shares(top), "leaks").flat, 50) << top;
}

void expect_no_harm(const std::string& file) {
  Program program(file, run("storm", {"--threads", "3", "--interval", "4096"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer answer = http(port, "/debug/pprof/heap?seconds=1", "GET", 60s);
    ASSERT_EQ(answer.status, 200) << answer.body << program.err();
    // CPU samples take cells from them at the same time.
    ASSERT_EQ(http(port, "/debug/pprof/profile?seconds=1&hz=1000", "GET", 60s).status, 200)
        << program.err();
  }
  const std::string text = http(port, "/debug/pprof/heap?debug=1", "GET", 60s).body;
  EXPECT_NE(text.find("storm"), std::string::npos) << text.substr(0, 2000);
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.exit_status(30s), 0) << program.err();
}

TEST(HeapProfile, a_storm_of_every_form_over_threads_and_forks_breaks_nothing) {
  for_both(expect_no_harm);
}

}  // namespace
}  // namespace outrigger::whole
