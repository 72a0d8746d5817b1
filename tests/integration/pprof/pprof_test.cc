// Profiles of programs whose truth is known, as go tool pprof and people see them.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "reading.h"

namespace outrigger::whole {
namespace {

std::vector<std::string> run(const std::string& what, int threads = 1) {
  return {"run",         "--admin", "127.0.0.1:0", "--listen",  "127.0.0.1:0",          "--logs",
          "stdout-json", "--what",  what,          "--threads", std::to_string(threads)};
}

HttpAnswer profile(int port, const std::string& query) {
  return http(port, "/debug/pprof/profile?" + query, "GET", 60s);
}

// The profile's file in `scratch`; empty when there is none.
std::string taken(Program& program, const Scratch& scratch, const std::string& query) {
  const int port = program.admin_port();
  EXPECT_NE(port, 0) << program.err();
  const HttpAnswer answer = profile(port, query);
  EXPECT_EQ(answer.status, 200) << answer.body;
  const std::string path = scratch.path("profile");
  write_file(path, answer.body);
  return path;
}

void expect_seventy_twenty_ten(const std::string& path) {
  const std::string top = go_tool_pprof("-top", path);
  const auto all = shares(top);
  // 3 s give some 400 samples even when half of the processor is others': three standard deviations
  // of 70 % are then 7 points.
  EXPECT_NEAR(share_of(all, "burns_seventy").cumulative, 70, 8) << top;
  EXPECT_NEAR(share_of(all, "burns_twenty").cumulative, 20, 8) << top;
  EXPECT_NEAR(share_of(all, "burns_ten").cumulative, 10, 8) << top;
  const std::string traces = go_tool_pprof("-traces", path);
  EXPECT_NE(traces.find("burns_seventy"), std::string::npos) << traces;
  EXPECT_NE(traces.find("split"), std::string::npos) << traces;
}

TEST(CpuProfile, seventy_twenty_ten_in_a_stripped_static_file) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("split"));
  Scratch scratch;
  const std::string path = taken(program, scratch, "seconds=3&hz=250");
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
  const std::string lines = go_tool_pprof("-traces -lines", path);
  EXPECT_NE(lines.find("is_inlined"), std::string::npos) << lines;
  EXPECT_NE(lines.find("load.cc:"), std::string::npos) << lines;
}
TEST(CpuProfile, seventy_twenty_ten_in_a_dynamic_file) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD_DYNAMIC, run("split", 2));
  Scratch scratch;
  expect_seventy_twenty_ten(taken(program, scratch, "seconds=3&hz=250"));
}
// Without its debug information, as it is in production.
TEST(CpuProfile, seventy_twenty_ten_in_one_process_and_a_file_alone) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Scratch scratch;
  const std::string alone = scratch.path("alone");
  write_file(alone, read_file(LOAD));
  ASSERT_EQ(chmod(alone.c_str(), 0755), 0);
  std::vector<std::string> arguments = run("split");
  arguments.push_back("--in-process");
  Program program(alone, arguments);
  const std::string path = taken(program, scratch, "seconds=3&hz=250");
  expect_seventy_twenty_ten(path);
  const std::string lines = go_tool_pprof("-traces -lines", path);
  EXPECT_EQ(lines.find("load.cc:"), std::string::npos) << lines;
}

void expect_whole_stacks(const std::string& file) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(file, run("mixed", 2));
  Scratch scratch;
  const std::string path = taken(program, scratch, "seconds=3&hz=250");
  const std::string shown = go_tool_pprof("-comments", path);
  EXPECT_GE(number_before(shown, " % of the stacks"), 99) << shown;
  EXPECT_GE(number_before(shown, " samples of"), 100) << shown;
  const auto all = shares(go_tool_pprof("-top -nodecount=5000", path));
  for (const char* each : {"sorts", "compare", "throws", "_Unwind_RaiseException", "mixed"})
    EXPECT_GT(share_of(all, each).cumulative, 0) << each;
  // Every function of the stripped file has its name.
  for (const auto& [name, share] : all) EXPECT_EQ(name.find("load+0x"), std::string::npos) << name;
  printf("%s", shown.c_str());
}
TEST(CpuProfile, stacks_are_whole_and_named_in_a_static_file) { expect_whole_stacks(LOAD); }
TEST(CpuProfile, stacks_are_whole_and_named_in_a_dynamic_file) {
  expect_whole_stacks(LOAD_DYNAMIC);
}

TEST(CpuProfile, threads_that_live_for_milliseconds_are_seen) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  for (const char* file : {LOAD, LOAD_DYNAMIC}) {
    Program program(file, run("short"));
    Scratch scratch;
    const std::string top = go_tool_pprof("-top", taken(program, scratch, "seconds=2&hz=250"));
    // Most of the rest is the starting of threads, which is the larger the slower the machine.
    EXPECT_GT(share_of(shares(top), "burns_ten").cumulative, 10) << file << top;
  }
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

TEST(Surface, bad_parameters_are_refused_with_a_sentence) {
  Program program(LOAD, run("idle"));
  const int port = program.admin_port();
  ASSERT_NE(port, 0);
  for (const char* query :
       {"seconds=0", "seconds=301", "seconds=x", "hz=0", "hz=2000", "debug=9", "sekunden=3",
        "since=11m", "since=0", "since=5h", "since=1m&seconds=3", "since=1m&hz=100"}) {
    const HttpAnswer answer = profile(port, query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_NE(answer.body.find("will not do"), std::string::npos) << answer.body;
  }
  for (const char* path : {"heap?seconds=301", "heap?hz=5", "allocs?seconds=-1", "allocs?x=1",
                           "mutex?hz=1", "mutex?seconds=1x", "block?debug=3", "block?rate=1",
                           "threads?seconds=1", "threads?hz=1", "goroutine?debug=x", "symbol?0xzz",
                           "heap?since=1m", "wall?since=1m", "wall?hz=0", "kept?number=x"}) {
    const HttpAnswer answer = http(port, std::string("/debug/pprof/") + path);
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_NE(answer.body.find("will not do"), std::string::npos) << answer.body;
  }
}

TEST(Surface, a_second_profile_is_refused_and_one_whose_client_left_ends) {
  Program program(LOAD, run("split"));
  const int port = program.admin_port();
  ASSERT_NE(port, 0);
  // The first client leaves again and again before its answer is there.
  std::atomic<bool> seen{false};
  std::thread first([&] {
    while (!seen) http(port, "/debug/pprof/profile?seconds=200", "GET", 2s);
  });
  HttpAnswer second;
  EXPECT_TRUE(eventually(60s, [&] {
    second = http(port, "/debug/pprof/profile?seconds=1", "GET", 20s);
    return second.status == 409;
  }));
  EXPECT_NE(second.body.find("a CPU profile of 200 s at 100 Hz"), std::string::npos) << second.body;
  seen = true;
  first.join();
  EXPECT_TRUE(eventually(
      30s, [&] { return http(port, "/debug/pprof/profile?seconds=1", "GET", 20s).status == 200; }));
}

void expect_both_holders(int port) {
  const HttpAnswer answer = http(port, "/debug/pprof/threads?debug=1", "GET", 30s);
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("locks_first_then_second"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("locks_second_then_first"), std::string::npos) << answer.body;
}

TEST(Threads, of_a_deadlocked_service_show_both_holders) {
  for (const char* file : {LOAD, LOAD_DYNAMIC}) {
    Program program(file, run("deadlock"));
    const int port = program.admin_port();
    ASSERT_NE(port, 0);
    ASSERT_TRUE(eventually(10s, [&] { return http(port, "/readyz").status == 200; }));
    EXPECT_TRUE(eventually(20s, [&] {
      const std::string body = http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body;
      return body.find("locks_first_then_second") != std::string::npos &&
             body.find("locks_second_then_first") != std::string::npos;
    }));
    const std::string shown = http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body;
    EXPECT_NE(shown.find("by ptrace"), std::string::npos) << shown;
    EXPECT_NE(shown.find("or-control ("), std::string::npos) << shown;
    EXPECT_NE(shown.find("sleeping"), std::string::npos) << shown;
    printf("%s", shown.substr(0, shown.find('\n') + 1).c_str());
  }
}

TEST(Threads, of_a_stopped_service_are_shown_and_it_stays_stopped) {
  Program program(LOAD, run("deadlock"));
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(10s, [&] { return http(port, "/readyz").status == 200; }));
  const pid_t service = program.service_pid();
  const auto stopped = [&] {
    const std::string stat = read_file("/proc/" + std::to_string(service) + "/stat");
    return stat.find(") T ") != std::string::npos;
  };
  kill(service, SIGSTOP);
  ASSERT_TRUE(eventually(10s, stopped));
  expect_both_holders(port);
  EXPECT_TRUE(eventually(10s, stopped));
  kill(service, SIGCONT);
  EXPECT_TRUE(eventually(10s, [&] { return !stopped(); }));
}

TEST(Threads, of_one_process_come_by_signal_and_the_answer_says_so) {
  std::vector<std::string> arguments = run("deadlock");
  arguments.push_back("--in-process");
  Program program(LOAD, arguments);
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(10s, [&] { return http(port, "/readyz").status == 200; }));
  EXPECT_TRUE(eventually(20s, [&] {
    return http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body.find("locks_second") !=
           std::string::npos;
  }));
  expect_both_holders(port);
  EXPECT_NE(http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body.find("by signal"),
            std::string::npos);
}

TEST(Threads, are_read_by_go_under_its_own_name) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("deadlock"));
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(10s, [&] { return http(port, "/readyz").status == 200; }));
  Scratch scratch;
  write_file(scratch.path("threads"), http(port, "/debug/pprof/goroutine", "GET", 30s).body);
  const std::string top = go_tool_pprof("-top -nodecount=1000", scratch.path("threads"));
  EXPECT_NE(top.find("clone3"), std::string::npos) << top;
  const std::string traces = go_tool_pprof("-traces", scratch.path("threads"));
  EXPECT_NE(traces.find("or-control"), std::string::npos) << traces;
}

TEST(Surface, symbol_names_addresses) {
  Program program(LOAD, run("idle"));
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(10s, [&] { return http(port, "/readyz").status == 200; }));
  EXPECT_EQ(http(port, "/debug/pprof/symbol").body, "num_symbols: 1\n");
  const std::string shown = http(port, "/debug/pprof/threads?debug=1", "GET", 30s).body;
  const size_t at = shown.find("0x");
  ASSERT_NE(at, std::string::npos) << shown;
  const std::string address = shown.substr(at, shown.find('\t', at) - at);
  const std::string name = shown.substr(at + address.size() + 1, 4);
  const HttpAnswer named = http(port, "/debug/pprof/symbol?" + address + "+0x1", "GET", 30s);
  EXPECT_EQ(named.status, 200) << named.body;
  EXPECT_NE(named.body.find(address + " " + name), std::string::npos) << named.body << shown;
  EXPECT_EQ(http(port, "/debug/pprof/symbol?hello").status, 400);
}

TEST(Command, takes_profiles_of_the_running_service) {
  Program program(LOAD, run("convoy", 3));
  ASSERT_NE(program.admin_port(), 0) << program.err();
  const std::string pid = std::to_string(program.pid());
  Scratch scratch;
  const std::string file = scratch.path("cpu");
  const std::string command = LOAD " profile ";
  const auto said = [&](const std::string& words, int& status) {
    std::string out;
    FILE* const pipe = popen((command + words + " --instance " + pid + " 2>&1").c_str(), "r");
    char bytes[4096];
    for (size_t count; (count = fread(bytes, 1, sizeof(bytes), pipe)) > 0;)
      out.append(bytes, count);
    status = WEXITSTATUS(pclose(pipe));
    return out;
  };
  int status = -1;
  EXPECT_EQ(said("cpu --seconds=1 -o " + file, status), "");
  EXPECT_EQ(status, 0);
  if (has_go()) {
    EXPECT_NE(go_tool_pprof("-top", file).find("stands_in_the_convoy"), std::string::npos);
  }
  const std::string threads = said("threads --text -o -", status);
  EXPECT_EQ(status, 0);
  EXPECT_NE(threads.find("or-control ("), std::string::npos) << threads;
  // gzip's first two bytes, since stdout is no terminal.
  EXPECT_EQ(said("block", status).substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(said("cpu --since 10m -o " + file, status), "");
  EXPECT_EQ(status, 0);
  for (const char* words : {"cpu --since 11m", "cpu --seconds 301", "cpuu", "", "cpu heap",
                            "cpu --speed 3", "heap -o"}) {
    EXPECT_NE(said(words, status).find("will not do"), std::string::npos) << words;
    EXPECT_EQ(status, 2) << words;
  }
  EXPECT_NE(said("threads --seconds 3", status).find("threads are shown as they are now"),
            std::string::npos);
  EXPECT_EQ(status, 1);
}

TEST(Surface, the_index_and_the_command_line) {
  Program program(LOAD, run("idle"));
  const int port = program.admin_port();
  ASSERT_TRUE(eventually(kPatience, [&] { return http(port, "/readyz").status == 200; }));
  const std::string index = http(port, "/debug/pprof/").body;
  EXPECT_NE(index.find("CPU profile"), std::string::npos);
  const size_t threads = index.find("</td><td><a href=\"/debug/pprof/threads");
  ASSERT_NE(threads, std::string::npos) << index;
  EXPECT_GE(number_before(index, index.substr(threads, 40)), 2) << index;
  EXPECT_EQ(http(port, "/debug/pprof/kept?number=1").status, 404);
  EXPECT_NE(http(port, "/debug/pprof/cmdline").body.find("--what"), std::string::npos);
}

}  // namespace
}  // namespace outrigger::whole
