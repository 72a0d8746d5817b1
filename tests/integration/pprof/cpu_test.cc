// Profiles of programs whose truth is known, as go tool pprof and people see them.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "reading.h"

namespace outrigger::whole {
namespace {

// A CPU profile of so many samples at least, in `scratch`: of a few seconds, or of more where the
// machine has little time for the program.
std::string taken(Program& program, const Scratch& scratch, double samples) {
  const int port = program.admin_port();
  EXPECT_NE(port, 0) << program.err();
  const std::string path = scratch.path("profile");
  for (const char* seconds : {"3", "12", "40", "100"}) {
    const HttpAnswer answer =
        http(port, std::string("/debug/pprof/profile?hz=250&seconds=") + seconds, "GET", 160s);
    EXPECT_EQ(answer.status, 200) << answer.body;
    write_file(path, answer.body);
    if (number_before(go_tool_pprof("-comments", path), " samples of") >= samples) break;
  }
  return path;
}

void expect_seventy_twenty_ten(const std::string& path) {
  const std::string top = go_tool_pprof("-top", path);
  const auto all = shares(top);
  // Of 300 samples three standard deviations of 70 % are 8 points.
  EXPECT_NEAR(share_of(all, "burns_seventy").cumulative, 70, 8) << top;
  EXPECT_NEAR(share_of(all, "burns_twenty").cumulative, 20, 8) << top;
  EXPECT_NEAR(share_of(all, "burns_ten").cumulative, 10, 8) << top;
  const std::string traces = go_tool_pprof("-traces", path);
  EXPECT_NE(traces.find("burns_seventy"), std::string::npos) << traces;
  EXPECT_NE(traces.find("split"), std::string::npos) << traces;
}

void expect_lines(const std::string& path) {
  const std::string lines = go_tool_pprof("-traces -lines", path);
  EXPECT_NE(lines.find("is_inlined"), std::string::npos) << lines;
  EXPECT_NE(lines.find("load.cc:"), std::string::npos) << lines;
}

// Hexadecimal; empty when the file has none.
std::string build_id_of(const std::string& file) {
  FILE* const pipe = popen(("readelf -n '" + file + "'").c_str(), "r");
  char out[4096];
  const std::string said(out, fread(out, 1, sizeof(out), pipe));
  pclose(pipe);
  const std::string marker = "Build ID: ";
  const size_t at = said.find(marker);
  if (at == std::string::npos) return {};
  return said.substr(at + marker.size(), said.find('\n', at) - at - marker.size());
}

void expect_split(const std::string& file) {
  Program program(file, run("split"));
  Scratch scratch;
  const std::string path = taken(program, scratch, 300);
  expect_seventy_twenty_ten(path);
  // The program's labels, and the thread's name.
  const std::string tags = go_tool_pprof("-tags", path);
  EXPECT_NE(tags.find("share: Total"), std::string::npos) << tags;
  EXPECT_NE(tags.find("): most"), std::string::npos) << tags;
  EXPECT_NE(tags.find("): load"), std::string::npos) << tags;
  const std::string most = go_tool_pprof("-top -tagfocus=share=most", path);
  EXPECT_GT(share_of(shares(most), "burns_seventy").cumulative, 50) << most;
  EXPECT_EQ(most.find("burns_twenty"), std::string::npos) << most;
  // The debug information is beside the file: lines, and functions that were inlined.
  expect_lines(path);
}
TEST(CpuProfile, seventy_twenty_ten_in_a_stripped_file) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_split);
}
// Without its debug information, as it is in production.
TEST(CpuProfile, seventy_twenty_ten_in_one_process_and_a_file_alone) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Scratch scratch;
  const std::string alone = scratch.path("alone");
  write_file(alone, read_file(LOAD));
  ASSERT_EQ(chmod(alone.c_str(), 0755), 0);
  Program program(alone, run("split", {"--in-process"}));
  const std::string path = taken(program, scratch, 300);
  expect_seventy_twenty_ten(path);
  const std::string lines = go_tool_pprof("-traces -lines", path);
  EXPECT_EQ(lines.find("load.cc:"), std::string::npos) << lines;
}

// In a mount namespace, since the place is the system's: /usr/lib/debug has the file's debug
// information there, under its build id alone.
TEST(CpuProfile, debug_information_is_found_by_build_id) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  if (access("/usr/lib/debug", F_OK) != 0 || system("unshare -m true") != 0)
    GTEST_SKIP() << "no mount namespace, or no /usr/lib/debug";
  Scratch scratch;
  const std::string alone = scratch.path("alone");
  write_file(alone, read_file(LOAD));
  ASSERT_EQ(chmod(alone.c_str(), 0755), 0);
  const std::string id = build_id_of(alone);
  ASSERT_GT(id.size(), 8u);
  const std::string place = scratch.path("debug");
  const std::string directory = place + "/.build-id/" + id.substr(0, 2);
  ASSERT_EQ(system(("mkdir -p " + directory).c_str()), 0);
  write_file(directory + "/" + id.substr(2) + ".debug", read_file(LOAD_DEBUG));
  std::string command = "mount --bind " + place + " /usr/lib/debug && exec " + alone;
  for (const std::string& word : run("split")) command += " " + word;
  Program program("/usr/bin/unshare", {"-m", "sh", "-c", command});
  expect_lines(taken(program, scratch, 300));
}

void expect_whole_stacks(const std::string& file) {
  Program program(file, run("mixed", {"--threads", "2"}));
  Scratch scratch;
  const std::string path = taken(program, scratch, 200);
  const std::string shown = go_tool_pprof("-comments", path);
  EXPECT_GE(number_before(shown, " % of the stacks"), 99) << shown;
  const auto all = shares(go_tool_pprof("-top -nodecount=5000", path));
  for (const char* each : {"sorts", "compare", "throws", "_Unwind_RaiseException", "mixed"})
    EXPECT_GT(share_of(all, each).cumulative, 0) << each;
  // Every function of the stripped file has its name.
  for (const auto& [name, share] : all) EXPECT_EQ(name.find("load+0x"), std::string::npos) << name;
  printf("%s", shown.c_str());
}
TEST(CpuProfile, stacks_are_whole_and_named) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_whole_stacks);
}

// As much work is done by threads that live for less than a tick as by one that stays.
void expect_short_lives(const std::string& file) {
  Program program(file, run("short"));
  Scratch scratch;
  const std::string path = taken(program, scratch, 300);
  const std::string top = go_tool_pprof("-top -nodecount=1000", path);
  const auto all = shares(top);
  const double samples = number_before(go_tool_pprof("-comments", path), " samples of");
  const double brief = share_of(all, "burns_ten").cumulative;
  const double lasting = share_of(all, "burns_twenty").cumulative;
  ASSERT_GT(brief, 0) << top;
  ASSERT_GT(lasting, 0) << top;
  // Four standard deviations of their ratio, and what the rest of the machine does to ticks.
  const double tolerance = 0.1 + 4 * std::sqrt(100 / samples * (1 / brief + 1 / lasting));
  EXPECT_NEAR(brief / lasting, 1, tolerance) << file << top;
  printf("%.0f samples; %.1f %% in short lives, %.1f %% in a long one, within %.2f\n", samples,
         brief, lasting, tolerance);
}
TEST(CpuProfile, threads_that_live_for_a_millisecond_have_their_share) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for_both(expect_short_lives);
}

TEST(WallProfile, shows_who_waits) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("deadlock"));
  Scratch scratch;
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(kPatience, [&] {
    return http(port, "/debug/pprof/threads?debug=1").body.find("locks_second") !=
           std::string::npos;
  }));
  const HttpAnswer answer = http(port, "/debug/pprof/wall?seconds=2&hz=50", "GET", 60s);
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("wall"), answer.body);
  const std::string top = go_tool_pprof("-top -nodecount=1000", scratch.path("wall"));
  for (const char* each : {"locks_first_then_second", "locks_second_then_first"})
    EXPECT_GT(share_of(shares(top), each).cumulative, 5) << top;
  EXPECT_NE(top.find("Type: wall"), std::string::npos) << top;
}

}  // namespace
}  // namespace outrigger::whole
