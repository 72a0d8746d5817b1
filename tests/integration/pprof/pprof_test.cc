// Profiles of programs whose truth is known, as go tool pprof and people see them.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "reading.h"

namespace outrigger::whole {
namespace {

std::vector<std::string> run(const std::string& what, int threads = 1) {
  return {"run", "--admin",   "127.0.0.1:0",          "--logs", "stdout-json", "--what",
          what,  "--threads", std::to_string(threads)};
}

HttpAnswer profile(int port, const std::string& query) {
  return http(port, "/debug/pprof/profile?" + query, "GET", 60s);
}

void expect_seventy_twenty_ten(const std::string& file, const std::vector<std::string>& arguments) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  const Program program(file, arguments);
  Scratch scratch;
  const int port = const_cast<Program&>(program).admin_port();
  ASSERT_NE(port, 0) << program.err();
  const HttpAnswer answer = profile(port, "seconds=6&hz=250");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string path = scratch.path("profile");
  write_file(path, answer.body);
  const std::string top = go_tool_pprof("-top", path);
  const auto all = shares(top);
  // 6 s give some 1,000 samples even when half of the processor is others': three standard
  // deviations of 70 % are then 4.4 points.
  EXPECT_NEAR(share_of(all, "burns_seventy").cumulative, 70, 5) << top;
  EXPECT_NEAR(share_of(all, "burns_twenty").cumulative, 20, 5) << top;
  EXPECT_NEAR(share_of(all, "burns_ten").cumulative, 10, 5) << top;
  const std::string traces = go_tool_pprof("-traces", path);
  EXPECT_NE(traces.find("burns_seventy"), std::string::npos) << traces;
  EXPECT_NE(traces.find("split"), std::string::npos) << traces;
}

TEST(CpuProfile, seventy_twenty_ten_in_a_stripped_static_file) {
  expect_seventy_twenty_ten(LOAD, run("split"));
}
TEST(CpuProfile, seventy_twenty_ten_in_a_dynamic_file) {
  expect_seventy_twenty_ten(LOAD_DYNAMIC, run("split", 2));
}
TEST(CpuProfile, seventy_twenty_ten_in_one_process) {
  std::vector<std::string> arguments = run("split");
  arguments.push_back("--in-process");
  expect_seventy_twenty_ten(LOAD, arguments);
}

void expect_whole_stacks(const std::string& file) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(file, run("mixed", 2));
  Scratch scratch;
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  const HttpAnswer answer = profile(port, "seconds=5&hz=250");
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("profile"), answer.body);
  const std::string shown = go_tool_pprof("-comments", scratch.path("profile"));
  EXPECT_GE(number_before(shown, " % of the stacks"), 99) << shown;
  EXPECT_GE(number_before(shown, " samples of"), 100) << shown;
  const auto all = shares(go_tool_pprof("-top -nodecount=2000", scratch.path("profile")));
  for (const char* each : {"sorts", "compare", "throws", "_Unwind_RaiseException", "mixed"})
    EXPECT_GT(share_of(all, each).cumulative, 0) << each;
  printf("%s", shown.c_str());
}
TEST(CpuProfile, stacks_are_whole_in_a_static_file) { expect_whole_stacks(LOAD); }
TEST(CpuProfile, stacks_are_whole_in_a_dynamic_file) { expect_whole_stacks(LOAD_DYNAMIC); }

TEST(CpuProfile, every_function_of_a_stripped_file_has_its_name) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("mixed"));
  Scratch scratch;
  const HttpAnswer answer = profile(program.admin_port(), "seconds=3&hz=250");
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("profile"), answer.body);
  const std::string top = go_tool_pprof("-top -nodecount=5000", scratch.path("profile"));
  for (const auto& [name, share] : shares(top))
    EXPECT_EQ(name.find("load+0x"), std::string::npos) << name;
}

TEST(CpuProfile, threads_that_live_for_milliseconds_are_seen) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("short"));
  Scratch scratch;
  const HttpAnswer answer = profile(program.admin_port(), "seconds=4&hz=250");
  ASSERT_EQ(answer.status, 200) << answer.body;
  write_file(scratch.path("profile"), answer.body);
  const std::string top = go_tool_pprof("-top", scratch.path("profile"));
  EXPECT_GT(share_of(shares(top), "burns_ten").cumulative, 50) << top;
}

TEST(Surface, bad_parameters_are_refused_with_a_sentence) {
  Program program(LOAD, run("idle"));
  const int port = program.admin_port();
  ASSERT_NE(port, 0);
  for (const char* query :
       {"seconds=0", "seconds=301", "seconds=x", "hz=0", "hz=2000", "debug=9", "sekunden=3"}) {
    const HttpAnswer answer = profile(port, query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_NE(answer.body.find("will not do"), std::string::npos) << answer.body;
  }
  for (const char* path :
       {"heap?seconds=301", "heap?hz=5", "allocs?seconds=-1", "allocs?x=1", "mutex?hz=1",
        "mutex?seconds=1x", "block?debug=3", "block?rate=1", "threads?seconds=1", "threads?hz=1",
        "goroutine?debug=x", "symbol?0xzz"}) {
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
  for (const char* words :
       {"cpu --seconds 301", "cpuu", "", "cpu heap", "cpu --speed 3", "heap -o"}) {
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
  EXPECT_NE(http(port, "/debug/pprof/").body.find("CPU profile"), std::string::npos);
  EXPECT_NE(http(port, "/debug/pprof/cmdline").body.find("--what"), std::string::npos);
}

}  // namespace
}  // namespace outrigger::whole
