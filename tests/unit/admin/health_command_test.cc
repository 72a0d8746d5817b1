#include "admin/health_command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "admin/pages.h"
#include "admin/router.h"
#include "fake_source.h"
#include "http/server.h"

namespace outrigger::admin {
namespace {

constexpr std::string_view kSockets =
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17001 @outrigger/1000/prober/900\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03 17002 @outrigger/1000/prober/900\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17003 @outrigger/0/prober/77\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17004 @outrigger/1000/prober2/5\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17005 @outrigger/1000/prober/x\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17006 @outrigger/-1/prober/6\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17007 @outrigger/1000/prober/00900\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17008 /tmp/@outrigger/1000/prober/8\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17009\n"
    "garbage @outrigger/";

TEST(FindInstances, takes_the_listening_ones_of_that_name) {
  const auto found = find_instances(kSockets, "prober");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].address, "unix:@outrigger/0/prober/77");
  EXPECT_EQ(found[1].address, "unix:@outrigger/1000/prober/900");
  EXPECT_EQ(found[1].uid, 1000u);
  EXPECT_EQ(found[1].supervisor_pid, 900);
  EXPECT_TRUE(find_instances(kSockets, "other").empty());
  EXPECT_TRUE(find_instances("", "prober").empty());
}

TEST(OwnFirst, leaves_others_alone_where_there_are_own) {
  const auto found = find_instances(kSockets, "prober");
  ASSERT_EQ(own_first(found, 1000).size(), 1u);
  EXPECT_EQ(own_first(found, 1000)[0].supervisor_pid, 900);
  EXPECT_EQ(own_first(found, 4242).size(), 2u);
}

HealthReport report() {
  HealthReport made;
  made.service = "prober";
  made.version = "1.1.ab41cd0";
  made.environment = "local";
  made.instance = "devbox";
  made.started_ns = 1'000'000'000'000'000'000;
  made.now_ns = made.started_ns + 11'520'000'000'000;
  made.process = {.pid = 4711,
                  .state = ProcessState::kRunning,
                  .beat_age_ms = 120,
                  .beat_name = "server",
                  .ended = ""};
  made.checks = {{.name = "targets",
                  .status = Status::kWarn,
                  .pending = false,
                  .output = "one is slow",
                  .time_ns = 1,
                  .duration_ms = 12.5,
                  .critical = true,
                  .gates_readiness = false}};
  made.logs = {{.time_ns = made.now_ns,
                .level = Level::kInfo,
                .message = "probed\n\x1b[2J it",
                .source = "main.cc:41",
                .fields = {}}};
  made.keeper = {.pid = 4712, .restarts = 0, .last_end = ""};
  return made;
}

TEST(HealthText, says_what_a_person_needs) {
  Status status = Status::kFail;
  const auto text = health_text(health_json(report(), Trust::kInsider).body, Paint::kPlain, status);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(status, Status::kWarn);
  EXPECT_EQ(*text,
            "prober 1.1.ab41cd0: warn, running, pid 4711, up 3 h 12 min\n"
            "  beat         120 ms ago\n"
            "  environment  local, instance devbox\n"
            "  keeper       pid 4712, restarted 0 times\n"
            "  log entries  0 out, 0 pending, 0 dropped\n"
            "checks\n"
            "  warn  targets           one is slow  (critical)\n"
            "last log entries, newest first\n"
            "  04:58:40.000 INFO  probed  [2J it  main.cc:41\n");
}

TEST(HealthText, shows_what_a_stranger_is_told) {
  Status status = Status::kFail;
  const auto text =
      health_text(health_json(report(), Trust::kStranger).body, Paint::kPlain, status);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "1.1.ab41cd0: warn\nchecks\n  warn  targets         \n");
}

TEST(HealthText, paints_only_when_asked) {
  Status status = Status::kFail;
  const std::string page = health_json(report(), Trust::kInsider).body;
  EXPECT_EQ(health_text(page, Paint::kPlain, status)->find('\x1b'), std::string::npos);
  EXPECT_NE(health_text(page, Paint::kColours, status)->find("\x1b[33mwarn\x1b[0m"),
            std::string::npos);
}

TEST(HealthText, believes_nothing) {
  for (const char* page :
       {"", "x", "[]", "{}", "{\"status\":1}", "{\"status\":\"fine\"}", "{\"status\":\"pass\""}) {
    Status status = Status::kFail;
    EXPECT_FALSE(health_text(page, Paint::kPlain, status)) << page;
  }
  Status status = Status::kFail;
  const auto odd = health_text(
      R"({"status":"pass","process":[],"checks":{"a":1},"logs":[1,null,{"time":5}],"keeper":"x","warnings":[{}]})",
      Paint::kPlain, status);
  EXPECT_TRUE(odd);
  EXPECT_EQ(status, Status::kPass);
}

// The command against a real server with a source of the test's.
class HealthCommandTest : public testing::Test {
 protected:
  HealthCommandTest() {
    service_ = "health-test-" + std::to_string(getpid());
    source_.report = report();
  }
  void listen(int pid) {
    http::ServerOptions options;
    options.listen = {socket_address(getuid(), service_, pid), "127.0.0.1:0"};
    options.handler = handler(source_, {.own_uid = getuid()});
    auto server = http::Server::start(std::move(options));
    ASSERT_TRUE(server) << server.error().message;
    servers_.push_back(std::move(*server));
  }
  int run(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = health_command(service_, static_cast<int>(words.size()), argv.data());
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return status;
  }

  FakeSource source_;
  std::string service_, out_, err_;
  std::vector<std::unique_ptr<http::Server>> servers_;
};

TEST_F(HealthCommandTest, finds_the_service_by_its_socket) {
  listen(4710);
  EXPECT_EQ(run({}), 0);
  EXPECT_TRUE(out_.starts_with("prober 1.1.ab41cd0: warn, running, pid 4711")) << out_ << err_;
  EXPECT_EQ(err_, "");
}

TEST_F(HealthCommandTest, exits_1_when_the_service_fails) {
  source_.report.process.state = ProcessState::kUnresponsive;
  listen(4710);
  EXPECT_EQ(run({}), 1);
  EXPECT_NE(out_.find("fail, unresponsive"), std::string::npos) << out_;
}

TEST_F(HealthCommandTest, exits_1_when_nothing_runs) {
  EXPECT_EQ(run({}), 1);
  EXPECT_EQ(out_, "");
  EXPECT_TRUE(err_.starts_with(service_ + ": is not running on this machine")) << err_;
}

TEST_F(HealthCommandTest, shows_several_in_a_line_each) {
  listen(11);
  listen(7);
  EXPECT_EQ(run({}), 0);
  EXPECT_TRUE(out_.starts_with("7: prober 1.1.ab41cd0: warn")) << out_;
  EXPECT_NE(out_.find("\n11: prober"), std::string::npos) << out_;
  EXPECT_EQ(run({"--json"}), 0);
  EXPECT_TRUE(out_.starts_with("[{")) << out_;
  EXPECT_TRUE(out_.ends_with("]\n"));
}

TEST_F(HealthCommandTest, asks_a_url) {
  listen(4710);
  const std::string address = servers_[0]->listeners().at(1).address;
  for (const std::string& url : {address, "http://" + address, "http://" + address + "/",
                                 "http://" + address + "/healthz"}) {
    EXPECT_EQ(run({url}), 0) << url << ": " << err_;
  }
  EXPECT_EQ(run({"--json", address}), 0);
  EXPECT_EQ(out_, health_json(source_.report, Trust::kInsider).body);
  EXPECT_EQ(run({"http://" + address + "/livez"}), 1);
  EXPECT_NE(err_.find("not a health page"), std::string::npos) << err_;
  EXPECT_EQ(run({"http://" + address + "/nothing"}), 1);
  EXPECT_NE(err_.find("HTTP status 404"), std::string::npos) << err_;
}

TEST_F(HealthCommandTest, refuses_what_it_does_not_know) {
  EXPECT_EQ(run({"--jsn"}), 2);
  EXPECT_EQ(run({"a", "b"}), 2);
  EXPECT_NE(err_.find("\"b\""), std::string::npos);
  EXPECT_EQ(run({"ftp://a/"}), 1);
}

}  // namespace
}  // namespace outrigger::admin
