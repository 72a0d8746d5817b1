// The paths, parameters, headers and errors of Go's net/http/pprof, and the command.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "reading.h"

namespace outrigger::whole {
namespace {

TEST(Surface, bad_parameters_are_refused_with_a_sentence) {
  Program program(LOAD, run("idle"));
  const int port = program.admin_port();
  ASSERT_NE(port, 0);
  for (const char* query :
       {"seconds=0", "seconds=301", "seconds=x", "hz=0", "hz=2000", "debug=9", "sekunden=3",
        "since=11m", "since=0", "since=5h", "since=1m&seconds=3", "since=1m&hz=100"}) {
    const HttpAnswer answer = http(port, std::string("/debug/pprof/profile?") + query);
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

// By its URL, as people do: Go has neither the file nor its debug information.
TEST(Surface, go_reads_every_endpoint) {
  if (!has_go()) GTEST_SKIP() << "golang-go is not installed";
  Program program(LOAD, run("convoy", {"--threads", "2"}));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  ASSERT_TRUE(eventually(kPatience, [&] {
    return number_before(http(port, "/debug/pprof/mutex?debug=1").body, " so far") > 20 &&
           number_before(http(port, "/debug/pprof/profile?since=1m&debug=1").body, " samples of") >
               5;
  }));
  const std::pair<const char*, const char*> kEndpoints[] = {{"profile?seconds=1", "cpu"},
                                                            {"profile?since=1m", "cpu"},
                                                            {"wall?seconds=1", "wall"},
                                                            {"heap", "inuse_space"},
                                                            {"heap?seconds=1", ""},
                                                            {"allocs", "alloc_space"},
                                                            {"mutex", "delay"},
                                                            {"block?seconds=1", "delay"},
                                                            {"threads", ""},
                                                            {"goroutine", ""}};
  Scratch scratch;
  for (const auto& [path, type] : kEndpoints) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/debug/pprof/" + path;
    const std::string top = go_tool_pprof("-top -nodecount=1000", url, scratch.path(""));
    EXPECT_EQ(top.find("failed: "), std::string::npos) << path << top;
    EXPECT_NE(top.find(std::string("Type: ") + type), std::string::npos) << path << top;
    // The convoy allocates nothing.
    if (std::string_view(path).find("eap") == std::string_view::npos && path[0] != 'a') {
      EXPECT_NE(top.find("convoy"), std::string::npos) << path << top;
    }
  }
}

TEST(Surface, answers_have_the_headers_of_gos) {
  Program program(LOAD, run("idle"));
  const int port = program.admin_port();
  ASSERT_NE(port, 0) << program.err();
  const auto headers = [&](const std::string& path) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/debug/pprof/" + path;
    FILE* const pipe = popen(("curl -s -D - -o /dev/null '" + url + "'").c_str(), "r");
    char bytes[4096];
    std::string out(bytes, fread(bytes, 1, sizeof(bytes), pipe));
    pclose(pipe);
    return out;
  };
  const std::string good = headers("heap");
  for (const char* each :
       {"HTTP/1.1 200", "Content-Type: application/octet-stream\r",
        "X-Content-Type-Options: nosniff", "Content-Disposition: attachment; filename=\"heap\""})
    EXPECT_NE(good.find(each), std::string::npos) << each << "\n" << good;
  const std::string bad = headers("heap?seconds=x");
  for (const char* each : {"HTTP/1.1 400", "Content-Type: text/plain", "X-Go-Pprof: 1"})
    EXPECT_NE(bad.find(each), std::string::npos) << each << "\n" << bad;
  EXPECT_NE(headers("heap?debug=1").find("Content-Type: text/plain"), std::string::npos);
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
  Program program(LOAD, run("convoy", {"--threads", "3"}));
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
